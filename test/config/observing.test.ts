/** How the gateway is watched, as configured: what parses works, and what would not is told. */
import { describe, expect, it } from "vitest";
import { noticesOf } from "../../src/config/notices.ts";
import { type Change, expectFault, faultsOf, loadWith, type Row, set } from "./valid.ts";

const TOKEN = "0123456789abcdef01234567";
const gateway = (members: object): Change => set({ gateway: members });
const TWENTY_FOUR = "write 24 letters and digits or more: openssl rand -hex 24";

it("says nothing: info, no metrics, nothing counted, every trace that begins here sampled", async () => {
  const { observing } = await loadWith(() => undefined);
  expect(observing).toEqual({
    logLevel: "info",
    metrics: undefined,
    counting: false,
    serverTiming: false,
    traceSample: 1,
  });
});

describe("the log's level", () => {
  const levelOf = async (change: Change, env = {}) => (await loadWith(change, env)).observing.logLevel;

  it("is the configuration's, then LOG_LEVEL's, whatever its case; what others put there is info", async () => {
    expect(await levelOf(gateway({ log: { level: "warn" } }), { LOG_LEVEL: "debug" })).toBe("warn");
    expect(await levelOf(gateway({ log: {} }), { LOG_LEVEL: "Debug" })).toBe("debug");
    expect(await levelOf(() => undefined, { LOG_LEVEL: "SILENT" })).toBe("silent");
    expect(await levelOf(() => undefined, { LOG_LEVEL: "verbose" })).toBe("info");
    expect(await levelOf(() => undefined, { LOG_LEVEL: { not: "text" } })).toBe("info");
  });

  it("is one that there is", async () => {
    const [fault] = await faultsOf(gateway({ log: { level: "loud" } }));
    expect(fault?.path).toBe("gateway.log.level");
  });
});

describe("metrics", () => {
  const observingOf = async (metrics: unknown) => (await loadWith(gateway({ metrics }))).observing;

  it("are off with false and with enabled: false, and on with true and with an object", async () => {
    for (const off of [false, { enabled: false }, { enabled: false, path: "/metrics" }])
      expect(await observingOf(off)).toMatchObject({ metrics: undefined, counting: false });
    for (const on of [true, {}, { enabled: true }])
      expect(await observingOf(on)).toMatchObject({
        metrics: { path: "/metrics", token: undefined },
        counting: true,
      });
    expect((await observingOf({ path: "/m/x", token: TOKEN })).metrics).toEqual({
      path: "/m/x",
      token: TOKEN,
    });
  });

  it("are counted for operators too, who have no metrics", async () => {
    const { observing } = await loadWith(gateway({ admin: { token: TOKEN } }));
    expect(observing).toMatchObject({ metrics: undefined, counting: true });
  });

  const faults: Row[] = [
    [
      gateway({ metrics: { path: "/weather" } }),
      "routes.GET /weather",
      "is where the metrics are",
      'sell it under another path, or move the metrics: metrics: { path: "/internal/metrics" }',
    ],
    [
      gateway({ metrics: { path: "metrics" } }),
      "gateway.metrics.path",
      '"metrics" is not a canonical path',
      'write "/metrics"',
    ],
    [
      gateway({ metrics: { path: "/a//b" } }),
      "gateway.metrics.path",
      '"/a//b" is not a canonical path',
      'write "/metrics"',
    ],
    [
      gateway({ metrics: { path: "/__tollbooth/metrics" } }),
      "gateway.metrics.path",
      "paths under /__tollbooth are taken",
      'write "/metrics"',
    ],
    [
      gateway({ metrics: { token: "short" } }),
      "gateway.metrics.token",
      "is too short, or not plain text",
      TWENTY_FOUR,
    ],
    [
      gateway({ metrics: { token: "with spaces in it 0123456789" } }),
      "gateway.metrics.token",
      "is too short, or not plain text",
      TWENTY_FOUR,
    ],
  ];
  it.each(faults)("%#: a fault, and how to mend it", async (...row) => expectFault(row));

  it("need a store, also where all is free", async () => {
    const found = await faultsOf((config) => {
      Object.assign(config, {
        gateway: { metrics: true },
        routes: { "GET /a": { upstream: "api", price: "$0" } },
      });
      delete config.stores;
    });
    expect(found.map(({ path }) => path)).toEqual(["gateway.metrics"]);
  });

  it("that anybody may read are worth a word to the seller, and those with a token are not", async () => {
    const told = async (metrics: unknown) =>
      noticesOf(await loadWith(gateway({ metrics }))).filter(({ message }) =>
        message.includes("gateway.metrics"),
      );
    expect((await told(true)).length).toBe(1);
    expect(await told({ token: TOKEN })).toEqual([]);
    expect(await told(false)).toEqual([]);
  });
});

it.each([-0.1, 1.1, "1"])("a share of %s is none", async (sample) => {
  const [fault] = await faultsOf(gateway({ trace: { sample } }));
  expect(fault?.path).toBe("gateway.trace.sample");
});
