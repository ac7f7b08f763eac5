/** Hooks of the configuration: functions go through as they are, a route's takes the place of the global one. */
import { describe, expect, it } from "vitest";
import { load } from "../../src/config/load.ts";
import type { Hooks } from "../../src/core/hooks.ts";
import { expectFault, faultsOf, loadWith, onRoute, type Row, set, valid } from "./valid.ts";

const hook = (name: string) => Object.assign(() => undefined, { called: name });
const FUNCTION = "expected a function; import it, a path to its file is not enough";

it("a route without hooks has none", async () => {
  const { routes } = await loadWith(() => undefined);
  expect(routes[0]?.hooks).toBeUndefined();
});

it("a route's hook replaces the global one of its name, and no other", async () => {
  const [all, other, own] = [hook("all"), hook("other"), hook("own")];
  const { routes } = await loadWith((config) => {
    config.hooks = { onRequest: all, onError: other, timeout: "2s" };
    config.routes["GET /own"] = { upstream: "api", price: "$0.01", hooks: { onRequest: own, timeout: "1s" } };
  });
  expect(routes.map(({ hooks }) => hooks)).toEqual([
    { onRequest: all, onError: other, timeoutMs: 2000 },
    { onRequest: own, onError: other, timeoutMs: 1000 },
  ]);
});

it("functions are the very ones that were written, also beside variables that are filled in", async () => {
  class Desk {
    #calls = 0;
    onRequest = () => {
      this.#calls += 1;
    };
    get calls() {
      return this.#calls;
    }
  }
  const desk = new Desk();
  const hooks = { onRequest: desk.onRequest } satisfies Hooks;
  const source = { ...valid(), hooks, facilitator: "${WHO}" };
  const { routes } = await load(() => source, { WHO: "https://facilitator.example" });
  await routes[0]?.hooks?.onRequest?.(undefined as never);
  expect(desk.calls).toBe(1);
  expect(routes[0]?.hooks?.timeoutMs).toBe(5000);
});

describe("a fault", () => {
  const rows: Row[] = [
    [set({ hooks: { timeout: "soon" } }), "hooks.timeout", '"soon" is not a duration', expect.anything()],
    [
      onRoute({ hooks: { onError: hook(""), timeout: "2m" } }),
      "routes.GET /weather.hooks.timeout",
      '"2m" is too long',
      'write at most "1m"',
    ],
    [
      onRoute({ hooks: { timeout: "1s" } }),
      "routes.GET /weather.hooks.timeout",
      "limits hooks, and there are none",
      "leave it out, or add a hook",
    ],
    [
      set({ hooks: { onRequests: hook("") } }),
      "hooks.onRequests",
      "unknown key",
      'did you mean "onRequest"?',
    ],
    [
      onRoute({ hooks: { onsettled: hook("") } }),
      "routes.GET /weather.hooks.onsettled",
      "unknown key",
      'did you mean "onSettled"?',
    ],
  ];
  it.each(rows)("%#", async (...row) => expectFault(row));

  it.each([["hooks/request.ts"], [true], [{ run: hook("") }]])("%j is not a function", async (written) => {
    expect(await faultsOf(set({ hooks: { onRequest: written } }))).toEqual([
      { path: "hooks.onRequest", message: FUNCTION },
    ]);
    expect(await faultsOf(onRoute({ hooks: { onError: written } }))).toEqual([
      { path: "routes.GET /weather.hooks.onError", message: FUNCTION },
    ]);
  });
});

it("under after-response a payment outlasts the hook that sees the answer", async () => {
  const late = { settlement: "after-response", hooks: { onResponse: hook(""), timeout: "8s" } };
  const { routes } = await loadWith(onRoute(late));
  expect(routes[0]).toMatchObject({ settleMarginSeconds: 60 + 8 + 6, timeoutSeconds: 60 + 8 + 36 });
});
