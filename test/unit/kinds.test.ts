/** What facilitators say that they support: asked only when it is needed, remembered, and never a reason to refuse a good quote. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { httpKinds } from "../../src/facilitator/supported.ts";
import { REQUIREMENTS } from "./call.ts";

const UPTO: PaymentRequirements = { ...REQUIREMENTS, scheme: "upto" };
const [ONE, TWO, STRANGER] = [1, 2, 3].map((index) => testAccount(index).address) as [string, string, string];
const FEES = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const SOLANA: PaymentRequirements = {
  ...REQUIREMENTS,
  network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
  extra: {},
};

const kind = (facilitatorAddress: unknown, change = {}) => ({
  x402Version: 2,
  scheme: "upto",
  network: REQUIREMENTS.network,
  extra: { facilitatorAddress },
  ...change,
});
const named = (account: string) => ({ ...UPTO, extra: { ...UPTO.extra, facilitatorAddress: account } });

let asked = 0;
let now = 0;
/** What it says: a text, or nothing ever. */
let says: string | undefined = "";
const server = createServer((_, response) => {
  asked += 1;
  if (says !== undefined) response.end(says);
});
let url = "";

beforeEach(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  asked = 0;
  now = 1_790_000_000_000;
  says = JSON.stringify({ kinds: [kind(ONE)] });
});
afterEach(
  () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    }),
);

const isolate = (timeoutMs = 2000) =>
  httpKinds(
    { default: url, chains: {}, timeoutMs },
    () => undefined,
    () => now,
  );

describe("requirements", () => {
  it("that need nobody are as they were, and nobody is asked", async () => {
    const accepts = [REQUIREMENTS];
    expect(await isolate().complete(accepts)).toBe(accepts);
    expect(asked).toBe(0);
  });

  it("get the account that the facilitator names, in their order, and it is asked once", async () => {
    const { complete } = isolate();
    for (let i = 0; i < 3; i++)
      expect(await complete([REQUIREMENTS, UPTO])).toEqual([REQUIREMENTS, named(ONE)]);
    expect(asked).toBe(1);
  });

  it("on Solana get who pays the fees", async () => {
    const change = { scheme: "exact", network: SOLANA.network, extra: { feePayer: FEES } };
    says = JSON.stringify({ kinds: [kind("", change)] });
    expect(await isolate().complete([SOLANA])).toEqual([{ ...SOLANA, extra: { feePayer: FEES } }]);
  });

  it("are asked about again after ten minutes", async () => {
    const { complete } = isolate();
    await complete([UPTO]);
    says = JSON.stringify({ kinds: [kind(TWO)] });
    now += 599_000;
    expect(await complete([UPTO])).toEqual([named(ONE)]);
    now += 2_000;
    expect(await complete([UPTO])).toEqual([named(TWO)]);
    expect(asked).toBe(2);
  });

  it.each<[string, string]>([
    ["no JSON", "<html>"],
    ["no kinds", "{}"],
    ["no kind for it", JSON.stringify({ kinds: [kind(ONE, { scheme: "exact" })] })],
    ["the kind in version 1 only", JSON.stringify({ kinds: [kind(ONE, { x402Version: 1 })] })],
    ["the kind on another network", JSON.stringify({ kinds: [kind(ONE, { network: "eip155:8453" })] })],
    ["no account", JSON.stringify({ kinds: [kind(undefined)] })],
    ["an account that is none", JSON.stringify({ kinds: [kind("0x12")] })],
    ["an account of another chain", JSON.stringify({ kinds: [kind(FEES)] })],
    ["an account that is an object", JSON.stringify({ kinds: [kind({})] })],
    ["too much", JSON.stringify({ kinds: [kind(ONE)], padding: "x".repeat(70_000) })],
  ])("cannot be offered when the facilitator says %s", async (_, text) => {
    says = text;
    expect(await isolate().complete([REQUIREMENTS, UPTO])).toEqual([REQUIREMENTS]);
    await expect(isolate().complete([UPTO])).rejects.toMatchObject({ code: "facilitator_unavailable" });
  });

  it("cannot be offered when it does not answer, and it is not asked by every call", async () => {
    says = undefined;
    const { complete } = isolate(50);
    for (let i = 0; i < 3; i++)
      await expect(complete([UPTO])).rejects.toMatchObject({ code: "facilitator_unavailable" });
    expect(asked).toBe(1);
    says = JSON.stringify({ kinds: [kind(ONE)] });
    now += 2_001;
    expect(await complete([UPTO])).toEqual([named(ONE)]);
  });

  it("stay what they were while it does not answer later", async () => {
    const { complete } = isolate(50);
    await complete([UPTO]);
    says = undefined;
    now += 3600_000;
    for (let i = 0; i < 3; i++) expect(await complete([UPTO])).toEqual([named(ONE)]);
    expect(asked).toBe(2);
    now += 30_001;
    says = JSON.stringify({ kinds: [kind(TWO)] });
    expect(await complete([UPTO])).toEqual([named(TWO)]);
  });
});

describe("an account in a client's requirements", () => {
  it("that is known is good, without asking again", async () => {
    const { complete, names } = isolate();
    await complete([UPTO]);
    expect(await names(named(ONE))).toBe(true);
    expect(asked).toBe(1);
  });

  it("that another isolate was told is asked about, and good", async () => {
    const { complete, names } = isolate();
    await complete([UPTO]);
    says = JSON.stringify({ kinds: [kind(TWO)] });
    // However many present it at once.
    expect(await Promise.all([1, 2, 3].map(() => names(named(TWO))))).toEqual([true, true, true]);
    expect(asked).toBe(4);
    expect(await names(named(TWO))).toBe(true);
    expect(asked).toBe(4);
  });

  it("that is one of all that it signs with is good, whichever it names today", async () => {
    says = JSON.stringify({
      kinds: [kind(ONE)],
      signers: { "eip155:*": [ONE, TWO], "solana:*": [STRANGER] },
    });
    const { names } = isolate();
    expect([await names(named(TWO)), await names(named(STRANGER))]).toEqual([true, false]);
  });

  it("that is nobody's is refused, and asking has a bound", async () => {
    const { names } = isolate();
    for (let i = 0; i < 20; i++) expect(await names(named(STRANGER))).toBe(false);
    expect(asked).toBe(5);
    now += 2_001;
    await names(named(STRANGER));
    expect(asked).toBe(6);
  });

  it("is refused where the scheme names none", async () => {
    expect(await isolate().names(REQUIREMENTS)).toBe(false);
    expect(asked).toBe(0);
  });
});
