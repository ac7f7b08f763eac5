/**
 * A payment: signed once, and kept until it has brought its answer. It is kept for this tab and this URL
 * (`sessionStorage`), so that a reload collects what was paid for, and is only ever sent to the gateway that the page is of.
 */
import type { PageData, Requirements, Way } from "../src/paywall/data.ts";
import { Trouble, type Wallet } from "./wallet.ts";

/** A signed payment. */
export type Payment = {
  /** `PAYMENT-SIGNATURE`. */
  header: string;
  /** Until when it can be settled, seconds since 1970. */
  validBefore: number;
};

const KEY = `tollbooth ${location.pathname}${location.search}`;
const TRANSFER = "from address,to address,value uint256,validAfter uint256,validBefore uint256,nonce bytes32";
const DOMAIN = "name string,version string,chainId uint256,verifyingContract address";
/** Clocks of chains lag behind. As the official client does it. */
const EARLIER_SECONDS = 600;
const fieldsOf = (text: string) =>
  text.split(",").map((field) => {
    const [name, type] = field.split(" ");
    return { name, type };
  });

/** Where there is no storage, the payment lives as long as the page. */
let here: Payment | undefined;

/** The payment that has not brought its answer yet. */
export function kept(): Payment | undefined {
  try {
    const text = sessionStorage.getItem(KEY);
    if (text) here = JSON.parse(text);
  } catch {}
  return here;
}

/** Keeps it, or forgets the one that was kept. */
export function keep(payment: Payment | undefined): void {
  here = payment;
  try {
    if (payment) sessionStorage.setItem(KEY, JSON.stringify(payment));
    else sessionStorage.removeItem(KEY);
  } catch {}
}

/** Has the wallet sign the transfer (EIP-3009, EIP-712). `now`: ms since 1970, by the gateway's clock. */
export async function sign(
  { provider }: Wallet,
  from: string,
  { requirements }: Way,
  { identifier }: Pick<PageData, "identifier">,
  now: number,
): Promise<Payment> {
  const { network, asset, payTo, amount, maxTimeoutSeconds, extra } = requirements;
  const seconds = Math.floor(now / 1000);
  const validBefore = seconds + maxTimeoutSeconds;
  const authorization = {
    from,
    to: payTo,
    value: amount,
    validAfter: String(seconds - EARLIER_SECONDS),
    validBefore: String(validBefore),
    nonce: `0x${randomHex()}`,
  };
  const typed = {
    types: { EIP712Domain: fieldsOf(DOMAIN), TransferWithAuthorization: fieldsOf(TRANSFER) },
    primaryType: "TransferWithAuthorization",
    domain: {
      name: extra?.name,
      version: extra?.version,
      chainId: Number(network.split(":")[1]),
      verifyingContract: asset,
    },
    message: authorization,
  };
  const params = [from, JSON.stringify(typed)];
  const signature = await provider.request({ method: "eth_signTypedData_v4", params });
  if (!/^0x[\da-f]{130,}$/i.test(String(signature)))
    throw new Trouble("The wallet gave no signature. Nothing was charged.");
  const payload = { signature, authorization };
  const named = nameOf(identifier);
  const header = encode({ x402Version: 2, accepted: requirements, payload, ...named });
  return { header, validBefore };
}

/** Where the gateway wants every purchase named (extension `payment-identifier`), it gets a random name. */
function nameOf(identifier: unknown): { extensions?: unknown } {
  const asked = identifier as { info?: { required?: boolean } } | undefined;
  if (!asked?.info?.required) return {};
  return { extensions: { "payment-identifier": { ...asked, info: { ...asked.info, id: randomHex() } } } };
}

function randomHex(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(32))];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A header's value: standard base64 of UTF-8 JSON. */
function encode(value: unknown): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))));
}

/** The object in a header; undefined without one, or when it cannot be read. */
export function decode(header: string | null): Record<string, unknown> | undefined {
  try {
    const bytes = Uint8Array.from(atob(header ?? ""), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The way with the terms that the gateway asks for now; undefined when that way is no more. */
export function termsNow({ requirements }: Way, accepts: Requirements[]): Requirements | undefined {
  const wayOf = ({ scheme, network, asset, extra }: Requirements) =>
    JSON.stringify([scheme, network, asset, extra?.assetTransferMethod]);
  return accepts.find((now) => wayOf(now) === wayOf(requirements));
}
