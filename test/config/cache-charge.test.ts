import { describe, expect, it } from "vitest";
import { type Change, faultsOf, loadWith, onRoute } from "./valid.ts";

const CHARGE = "routes.GET /weather.cache.charge";
const cached = (cache: unknown, members: Record<string, unknown> = {}): Change =>
  onRoute({ cache, ...members });

it("under after-response a payment outlasts the wait for another call that asks for the same", async () => {
  const late = (wait: string | false) => cached({ wait }, { settlement: "after-response" });
  expect((await loadWith(late("40s"))).routes[0]).toMatchObject({
    settleMarginSeconds: 40 + 60 + 6,
    timeoutSeconds: 40 + 60 + 36,
  });
  expect((await loadWith(late(false))).routes[0]?.settleMarginSeconds).toBe(60 + 6);
});

it("a status that no cache may keep is refused", async () => {
  expect(await faultsOf(cached({ statuses: [200, 503] }))).toEqual([
    {
      path: "routes.GET /weather.cache.statuses[1]",
      message: "Invalid option: expected one of 200|203|204|300|301|302|303|307|308|404|405|410|414|501",
    },
  ]);
});

describe("a price for what is kept", () => {
  it.each(["free", "$0.004"])(
    "%s needs money before the answer: else one that was never paid for would be sold for it",
    async (charge) => {
      const change = cached({ charge }, { settlement: "after-response" });
      expect(await faultsOf(change)).toEqual([
        {
          path: CHARGE,
          message: "would sell an answer for less that is kept before it is known to be paid",
          fix: 'write settlement: "before-response"',
        },
      ]);
    },
  );

  it.each(["$0.01", "$0.02"])("is less than the call's, or means nothing: %s", async (charge) => {
    expect(await faultsOf(cached({ charge }))).toEqual([
      { path: CHARGE, message: "is no less than what a call costs", fix: "write less, or leave it out" },
    ]);
  });

  it("may be the full one whenever the money moves", async () => {
    const { routes } = await loadWith(cached({ charge: "full" }, { settlement: "after-response" }));
    expect(routes[0]?.cache?.charge).toBe("full");
  });
});
