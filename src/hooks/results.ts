/** What hooks give back, checked: what has not the shape that was agreed on is a failure of the hook, not a guess. */
import type { HookName } from "../core/hooks.ts";
import { type Refusal, readRejection } from "../core/reject.ts";

/** A hook's will. Nothing in it lets the call go on as it is. */
export type Will = {
  reject?: Refusal;
  /** Why the payment shall not be settled. */
  unsettled?: string;
  /** `amount` in atomic units; undefined is all of it. */
  refund?: { reason: string; amount: string | undefined };
  response?: Response;
};

type Key = "reject" | "settle" | "refund";

const MAY: Record<HookName, Key[]> = {
  onRequest: ["reject"],
  onPriceResolved: ["reject"],
  onSettled: ["refund"],
  onResponse: ["reject", "settle", "refund"],
  onError: ["refund"],
};

/** Reads a result. @throws TypeError that says what is wrong with it */
export function readResult(hook: HookName, result: unknown): Will {
  if (result === undefined || result === null) return {};
  if (typeof result !== "object") throw wrong(hook, `${typeof result} ${String(result).slice(0, 40)}`);
  if (hook === "onResponse" && isResponse(result)) return { response: checkResponse(result) };
  const { reject, settle, refund, status, body, reason } = result as Record<string, unknown>;
  const given = Object.entries({ reject, settle, refund }).flatMap(([key, value]) =>
    value === undefined ? [] : [key],
  );
  const allowed: string[] = MAY[hook];
  if (given.length === 0 || given.some((key) => !allowed.includes(key))) {
    throw wrong(hook, `an object with ${Object.keys(result).slice(0, 8).join(", ") || "nothing in it"}`);
  }
  if (settle !== undefined && given.length > 1) throw wrong(hook, `settle beside ${given.join(" and ")}`);
  return {
    ...(reject === undefined ? {} : { reject: readRejection({ reject, status, body }) }),
    ...(settle === undefined ? {} : { unsettled: readSettle(settle, reason) }),
    ...(refund === undefined ? {} : { refund: readRefund(refund) }),
  };
}

function readSettle(settle: unknown, reason: unknown): string {
  if (settle !== false) throw new TypeError("settle is not false");
  return toReason(reason);
}

function readRefund(refund: unknown): NonNullable<Will["refund"]> {
  const { reason, amount } = (typeof refund === "object" && refund) as { reason?: unknown; amount?: unknown };
  const text = typeof amount === "bigint" ? amount.toString() : amount;
  if (text !== undefined && !(typeof text === "string" && /^[1-9]\d{0,77}$/.test(text))) {
    throw new TypeError("the amount of a refund is not a bigint or a string of digits above zero");
  }
  return { reason: toReason(reason), amount: text };
}

/** Goes into a header and the ledger: one line of plain characters. */
function toReason(reason: unknown): string {
  const text = typeof reason === "string" ? reason.replace(/[^\x20-\x7e]+/g, " ").trim() : "";
  if (text === "") throw new TypeError("a reason is missing");
  return text.slice(0, 200);
}

/** Runtimes have several classes of that name. */
function isResponse(value: object): value is Response {
  return "arrayBuffer" in value && "headers" in value && "status" in value && "body" in value;
}

function checkResponse(response: Response): Response {
  if (response.bodyUsed || response.body?.locked) throw new TypeError("the Response was read already");
  if (response.status < 200) throw new TypeError(`the Response has the status ${response.status}`);
  return response;
}

function wrong(hook: HookName, what: string): TypeError {
  return new TypeError(
    `gave back ${what}; it may give back nothing, or an object with ${MAY[hook].join(", ")}`,
  );
}
