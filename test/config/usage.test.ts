/** Metered routes in the configuration: what they compile to, and what would charge something else than was meant. */
import { describe, expect, it } from "vitest";
import { parseDecimal } from "../../src/core/money.ts";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row, WALLET } from "./valid.ts";

/** The one route, charged by usage. */
const metered =
  (pricing: Record<string, unknown>, members: Record<string, unknown> = {}): Change =>
  (config) => {
    config.accepts = [{ asset: "USDC", network: "base", scheme: "upto" }];
    config.routes = {
      "POST /chat": { upstream: "api", pricing: { model: "usage", max: "$0.50", ...pricing }, ...members },
    };
  };
const PATH = "routes.POST /chat";
const bytes = { bytes: { price: "$0.01" } };
const tokens = (members: Record<string, unknown>) => metered({ tokens: members });

describe("a metered route", () => {
  it("asks for payments that outlast a long answer, unless it is told how long", async () => {
    const timeoutOf = async (members = {}) =>
      (await loadWith(metered(bytes, members))).routes[0]?.timeoutSeconds;
    expect([await timeoutOf(), await timeoutOf({ timeout: 120 })]).toEqual([900, 120]);
  });

  it("reads the body, to which its payment is bound, up to the limit that it is given, whatever it counts", async () => {
    const { routes } = await loadWith(metered(bytes, { maxBodyBytes: 5_000_000 }));
    expect(routes[0]?.maxBodyBytes).toBe(5_000_000);
  });

  it("is compiled with its maximum for a price, settles after the answer, and says what each unit costs", async () => {
    const pricing = {
      tokens: { input: "$3", output: "$15", cacheRead: "$0.30" },
      ...bytes,
      seconds: { price: "$0.001", per: 60 },
      header: { name: "X-Usage-Units", price: "$0.0001" },
      base: "$0.001",
      unreadable: "$0.02",
    };
    const { routes } = await loadWith(metered(pricing));
    expect(routes[0]).toMatchObject({ price: parseDecimal("0.50"), settlement: "after-response" });
    expect(routes[0]?.usage).toEqual({
      max: parseDecimal("0.50"),
      tokens: {
        rates: {
          input: parseDecimal("3"),
          output: parseDecimal("15"),
          cacheRead: parseDecimal("0.30"),
          cacheWrite: parseDecimal("3"),
          per: 1_000_000n,
        },
      },
      bytes: { price: parseDecimal("0.01"), per: 1_000_000n },
      seconds: { price: parseDecimal("0.001"), per: 60n },
      header: { name: "x-usage-units", price: parseDecimal("0.0001"), per: 1n },
      base: parseDecimal("0.001"),
      unreadable: parseDecimal("0.02"),
    });
  });

  it("leaves out what was not written; what cannot be read costs the maximum, or nothing", async () => {
    const usage = (change: Change) => loadWith(change).then(({ routes }) => routes[0]?.usage);
    const none = { tokens: undefined, seconds: undefined, header: undefined, base: undefined };
    expect(await usage(metered(bytes))).toMatchObject({ ...none, unreadable: parseDecimal("0.50") });
    expect((await usage(metered({ ...bytes, unreadable: "max" })))?.unreadable).toEqual(parseDecimal("0.50"));
    expect((await usage(metered({ ...bytes, unreadable: "none" })))?.unreadable.digits).toBe(0n);
  });

  it("has rates by model, for so many tokens as it says, or none of its own but those of the table", async () => {
    const models = { "gpt-*": { input: "$0.002", output: "$0.008" } };
    const [own, table] = await Promise.all(
      [tokens({ models, per: 1000 }), tokens({})].map((change) => loadWith(change)),
    );
    const rate = {
      input: parseDecimal("0.002"),
      output: parseDecimal("0.008"),
      cacheRead: parseDecimal("0.002"),
    };
    expect(own?.routes[0]?.usage?.tokens).toMatchObject({ models: { "gpt-*": { ...rate, per: 1000n } } });
    expect(table?.routes[0]?.usage?.tokens).toEqual({ models: {} });
  });

  it("takes nothing from the defaults that does not go with it, and needs what payments need", async () => {
    const { routes } = await loadWith((config) => {
      metered(bytes)(config);
      config.defaults = { price: "$0", settlement: "before-response", keepAnswer: true };
    });
    expect(routes[0]).toMatchObject({
      price: parseDecimal("0.50"),
      settlement: "after-response",
      keepAnswerMs: 0,
    });
    const faults = await faultsOf((config) => {
      metered(bytes)(config);
      Object.assign(config, { accepts: [], defaults: { price: "$0" } });
    });
    expect(faults).toMatchObject([{ path: "accepts" }]);
  });

  it("is not what any other route is", async () => {
    const { routes } = await loadWith(onRoute({ pricing: { model: "request" } }));
    expect(routes[0]).toMatchObject({ usage: undefined, settlement: "before-response" });
  });
});

const PRICE = 'write it like "$0.01"';
const LEAVE_OUT = "leave it out";

describe("what a metered route is paid with", () => {
  const all = [
    { asset: "USDC", network: "base" },
    { asset: "USDC", network: "base", scheme: "upto" },
    { asset: "USDC", network: "base-sepolia", scheme: "upto", transfer: "permit2" },
  ];
  const both: Change = (config) => {
    metered(bytes)(config);
    config.wallets = { base: WALLET, "base-sepolia": WALLET };
    config.accepts = all;
    config.routes["GET /weather"] = { upstream: "api", price: "$0.01" };
  };

  it("is upto, with Permit2, and other routes are paid with exact", async () => {
    const { routes } = await loadWith(both);
    const [usage, fixed] = routes.map(({ offers }) =>
      offers.map(({ scheme, transfer }) => `${scheme} ${transfer}`),
    );
    expect(usage).toEqual(["upto permit2", "upto permit2"]);
    expect(fixed).toEqual(["exact eip3009"]);
  });

  it.each([
    ["POST /chat", [all[0]], "upto"],
    ["GET /weather", [all[1]], "exact"],
  ])("%s cannot be paid where %j is all that is accepted", async (key, accepts, scheme) => {
    const faults = await faultsOf((config) => {
      both(config);
      config.accepts = accepts as Record<string, unknown>[];
    });
    expect(faults.map(({ path, message }) => [path, message])).toEqual([
      ["accepts", `"${key}" is paid with ${scheme}, and nothing is accepted so`],
    ]);
  });
});

describe("faults of metered routes", () => {
  it.each<Row>([
    [
      metered({}),
      `${PATH}.pricing`,
      "says a maximum, but not what is counted",
      'add tokens: { input: "$3", output: "$15" }, bytes, seconds or header',
    ],
    [
      metered({ ...bytes, max: "$0" }),
      `${PATH}.pricing.max`,
      "nothing can be charged up to a maximum of zero",
      'write the most that a call may cost: "$0.50"',
    ],
    [
      metered({ ...bytes, max: "$0.0000001" }),
      `${PATH}.pricing.max`,
      "$0.0000001 would be rounded in a token of 6 decimals on eip155:8453",
      "the smallest step is $0.000001",
    ],
    [
      metered({ ...bytes, max: "lots" }),
      `${PATH}.pricing.max`,
      '"lots" is not a price above zero or "$0"',
      PRICE,
    ],
    [
      metered({ ...bytes, max: "0.5 USDC" }),
      `${PATH}.pricing.max`,
      "is in USDC, and what is used is counted in US dollars",
      'write it like "$0.50"',
    ],
    [metered({ ...bytes, base: "-1" }), `${PATH}.pricing.base`, '"-1" is not a price', PRICE],
    [
      metered({ ...bytes, unreadable: "never" }),
      `${PATH}.pricing.unreadable`,
      '"never" is not a price',
      PRICE,
    ],
    [
      metered({ ...bytes, unreadable: "constructor" }),
      `${PATH}.pricing.unreadable`,
      '"constructor" is not a price',
      PRICE,
    ],
    [metered({ bytes: { price: "1e-9" } }), `${PATH}.pricing.bytes.price`, '"1e-9" is not a price', PRICE],
    [
      metered({ seconds: { price: `0.${"0".repeat(30)}1` } }),
      `${PATH}.pricing.seconds.price`,
      `"0.${"0".repeat(30)}1" is not a price`,
      PRICE,
    ],
    [metered({ ...bytes, base: "$0.51" }), `${PATH}.pricing.base`, "is more than max", "write at most max"],
    [
      metered({ ...bytes, unreadable: "$1" }),
      `${PATH}.pricing.unreadable`,
      "is more than max",
      "write at most max",
    ],
    [
      tokens({ input: "$3" }),
      `${PATH}.pricing.tokens`,
      "needs both input and output",
      'write { input: "$3", output: "$15" }',
    ],
    [
      tokens({ input: "$3", output: "$15", models: {} }),
      `${PATH}.pricing.tokens`,
      "has rates for every model, and rates by model",
      'write the first as models: { "*": { input, output } }',
    ],
    [
      tokens({ models: { "!gpt-*": { input: "$1", output: "$1" } } }),
      `${PATH}.pricing.tokens.models.!gpt-*`,
      "is not a model's name",
      'write the model\'s name, or a glob like "gpt-5*"',
    ],
    [
      tokens({ models: { "gpt-*": { input: "$1", output: "free" } } }),
      `${PATH}.pricing.tokens.models.gpt-*.output`,
      '"free" is not a price',
      PRICE,
    ],
    [
      metered({ header: { name: "content-length", price: "$1" } }),
      `${PATH}.pricing.header.name`,
      '"content-length" cannot be a count',
      'write it like "x-usage-units"',
    ],
    [
      metered({ header: { name: "x units", price: "$1" } }),
      `${PATH}.pricing.header.name`,
      '"x units" cannot be a count',
      'write it like "x-usage-units"',
    ],
    [
      metered(bytes, { price: "$1" }),
      `${PATH}.price`,
      "the route is charged by usage",
      "leave it out; pricing.max is the most a call costs",
    ],
    [
      metered(bytes, { settlement: "before-response" }),
      `${PATH}.settlement`,
      "what was used is known only when the answer has ended",
      LEAVE_OUT,
    ],
    [
      metered(bytes, { keepAnswer: true }),
      `${PATH}.keepAnswer`,
      "an answer that is charged by usage is not kept: its charge is settled at its end",
      LEAVE_OUT,
    ],
  ])("%#: %2$s", (...row) => expectFault(row));

  it("are found in the shape, with the known key", async () => {
    expect(await faultsOf(metered({ bites: { price: "$1" } }))).toEqual([
      { path: `${PATH}.pricing.bites`, message: "unknown key", fix: 'did you mean "bytes"?' },
    ]);
    expect(await faultsOf(tokens({ models: { "gpt-*": { inputs: "$1", output: "$1" } } }))).toEqual([
      { path: `${PATH}.pricing.tokens.models.gpt-*.input`, message: "is required" },
      {
        path: `${PATH}.pricing.tokens.models.gpt-*.inputs`,
        message: "unknown key",
        fix: 'did you mean "input"?',
      },
    ]);
    expect(await faultsOf(metered({ bytes: { price: "$1", per: 0.5 } }))).toMatchObject([
      { path: `${PATH}.pricing.bytes.per` },
    ]);
    expect(await faultsOf(metered({ ...bytes, max: undefined }))).toEqual([
      { path: `${PATH}.pricing.max`, message: "is required" },
    ]);
  });

  it("do not come from a variable that is not set, beyond that", async () => {
    const change = metered({ max: "${MAX}", tokens: { input: "${IN}", output: "$1" }, unreadable: "${FEE}" });
    expect((await faultsOf(change)).map(({ kind }) => kind)).toEqual(["env", "env", "env"]);
  });
});
