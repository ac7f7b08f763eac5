/** Routes and calls as the rooms get them, from the little that a test wants to say. */
import type { Arrival } from "../../src/core/arrival.ts";
import { findAsset } from "../../src/core/assets.ts";
import type { Payment } from "../../src/core/call.ts";
import { parsePrice } from "../../src/core/money.ts";
import type { Eip3009Payload } from "../../src/core/payloads.ts";
import type { Offer, Route } from "../../src/core/route.ts";
import type { Upstream } from "../../src/core/upstream.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";

export const PAY_TO = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
export const PAYER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
export const TRANSACTION = `0x${"ab".repeat(32)}`;

export const REQUIREMENTS: PaymentRequirements = {
  scheme: "exact",
  network: "eip155:84532",
  asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
  amount: "10000",
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: { name: "USDC", version: "2" },
};

type Wishes = {
  price?: string;
  path?: string;
  base?: string;
  headers?: Record<string, string>;
  cookies?: boolean;
};

/** A route; free unless it is given a price. */
export function routeOf(key: string, wishes: Wishes = {}): Route {
  const [method = "", pattern = ""] = key.split(" ");
  const { price, path, base = "https://api.example", headers = {}, cookies = false } = wishes;
  return {
    key,
    method,
    pattern,
    upstream: upstreamOf([base], { headers, cookies }),
    path,
    requestHeaders: { set: {}, remove: [] },
    responseHeaders: { set: {}, remove: [] },
    maintenance: undefined,
    ...fixedPrice(price),
    maxBodyBytes: 1_048_576,
    maxRequestBytes: Number.POSITIVE_INFINITY,
    silenceMs: 30_000,
    offers: [],
    settlement: "before-response",
    settleBelow: 500,
    timeoutSeconds: 60,
    settleMarginSeconds: 6,
    goodMs: 0,
    keepAnswerMs: 0,
    keepAnswerBytes: 65_536,
    paymentIdentifier: "off",
    session: undefined,
    credits: undefined,
    usage: undefined,
    hooks: undefined,
    cache: undefined,
    limits: [],
    onStoreError: "deny",
    metadata: undefined,
    operation: undefined,
    hidden: false,
  };
}

/** An upstream at these places; what is special about it is in `wishes`. */
export function upstreamOf(
  bases: [string, ...string[]],
  { headers = {}, ...wishes }: Partial<Upstream> & { headers?: Record<string, string> } = {},
): Upstream {
  const [first, ...others] = bases.map((base) => ({
    id: base,
    base: new URL(base),
    service: undefined,
    weight: 1,
    headers,
  }));
  if (!first) throw new Error("an upstream is somewhere");
  return {
    name: "api",
    base: first.base,
    targets: [first, ...others],
    cookies: false,
    timeoutMs: 1000,
    waitMs: 1000,
    idleMs: undefined,
    totalMs: undefined,
    retries: { attempts: 1, on: [] },
    health: undefined,
    responseHeaders: { set: {}, remove: [] },
    ...wishes,
  };
}

/** A price that is the same for every call. */
export function fixedPrice(text: string | undefined): Pick<Route, "price" | "pricing"> {
  const otherwise = parsePrice(text ?? "$0");
  if (!otherwise) throw new Error(`${text} is not a price`);
  const { amount } = otherwise;
  return {
    price: amount.digits === 0n ? undefined : amount,
    pricing: { reads: [], rules: [], models: undefined, otherwise, readsBody: false, quoteTtlMs: 0 },
  };
}

/** A request as a platform delivers it. */
export function arrivalOf(method: string, path: string, headers: Record<string, string> = {}): Arrival {
  const request = new Request(`https://gateway.example${path}`, { method, headers });
  return {
    request,
    rawPath: path.replace(/\?.*$/s, ""),
    clientAddress: "192.0.2.7",
    waitUntil: () => undefined,
  };
}

/** USDC on a network. */
export async function usdcOn(network: `eip155:${number}`): Promise<Offer> {
  const found = await findAsset("USDC", network);
  if (!found) throw new Error(`no USDC on ${network}`);
  return { scheme: "exact", network, symbol: "USDC", ...found, payTo: PAY_TO };
}

/** A payment that meets the requirements. */
export function paymentOf(proven = true): Payment & { scheme: Eip3009Payload } {
  const authorization = {
    from: PAYER,
    to: PAY_TO,
    value: "10000",
    validAfter: "0",
    validBefore: "1790000060",
    nonce: `0x${"11".repeat(32)}`,
  };
  const scheme = { signature: `0x${"22".repeat(65)}`, authorization };
  const hashes = { spend: "s", fingerprint: "f", identifier: undefined };
  const signed = {
    version: 2 as const,
    scheme,
    payer: PAYER,
    validBefore: Number(authorization.validBefore),
  };
  const resource = "https://gateway.example/weather";
  return { ...signed, resource, requirements: REQUIREMENTS, proven, expired: undefined, ...hashes };
}

/** The code of whatever the work throws, or that it did not. */
export function codeOf(work: () => unknown): string {
  try {
    work();
    return "nothing thrown";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
