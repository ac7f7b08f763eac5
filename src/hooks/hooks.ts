/**
 * The operator's hooks (`docs/hooks.md`). Each has a limit of time. One that fails (throws, hangs, gives back what it may
 * not) denies the call as long as no money has moved; after that it is logged, and the call goes on: whoever has paid is
 * served.
 *
 * | hook | may | when it fails |
 * |---|---|---|
 * | onRequest, onPriceResolved | reject | 500 `hook_failed`, nothing charged |
 * | onSettled | refund | logged |
 * | onResponse | reject, not settle, refund, answer itself | not settled yet: 500 `hook_failed`, not charged; else logged |
 * | onError | refund | logged |
 */
import type { Access, Call, Claim } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import { about, type Clock } from "../core/events.ts";
import type { HookRoom } from "../core/hook-room.ts";
import type { HookName } from "../core/hooks.ts";
import type { RefundLedger } from "../core/refund.ts";
import { rejected } from "../core/reject.ts";
import { stopping, substitute, unpeeked } from "./answers.ts";
import { type Means, paymentOf, priceOf, responseOf } from "./context.ts";
import { peek } from "./peek.ts";
import { makeRefund } from "./refunds.ts";
import type { Will } from "./results.ts";
import { makeRun } from "./run.ts";

/** Makes the room; `clean` gives what is left of an upstream's headers when they go to the client. */
export function makeHooks({
  ledger,
  clock,
  clean,
  ...means
}: Means & { ledger: RefundLedger; clock: Clock; clean: (headers: Headers) => Headers }): HookRoom {
  const run = makeRun(means);
  const refund = makeRefund(ledger, means.emit, clock);
  /** Refunds of payments that are yet to be settled. */
  const wishes = new WeakMap<Claim, NonNullable<Will["refund"]>>();

  async function decide(name: HookName, call: Call, facts: object): Promise<void> {
    const will = await run(name, call, facts);
    if (!will) throw failed(name, call);
    if (will.reject) throw rejected(will.reject);
  }
  function note(call: Call, hook: HookName, message: string): void {
    means.emit({ event: "hook_ignored", level: "warn", ...about(call), hook, message });
  }
  function giveBack(call: Call, name: HookName, claim: Claim | undefined, wish: Will["refund"]): void {
    if (!wish) return;
    if (claim?.receipt) refund(call, claim, wish);
    else if (claim && name === "onResponse") wishes.set(claim, wish);
    else note(call, name, "a refund, but nothing was paid for this call");
  }

  return {
    onRequest: (call) => decide("onRequest", call, {}),
    onPriceResolved: (call, accepts) => decide("onPriceResolved", call, { price: priceOf(accepts) }),

    async onSettled(call, claim, accepts) {
      const will = await run("onSettled", call, { price: priceOf(accepts), payment: paymentOf(claim) });
      giveBack(call, "onSettled", claim, wishes.get(claim) ?? will?.refund);
    },

    async onResponse(call, answer, { accepts, access }) {
      if (!call.route.hooks?.onResponse) return answer;
      const claim = claimOf(access);
      const paid = claim?.receipt !== undefined;
      const body = peek(answer.response.body, "the answer");
      const facts = {
        price: priceOf(accepts),
        payment: paymentOf(claim),
        response: responseOf(answer, body),
      };
      const will = await run("onResponse", call, facts);
      if (!will && !paid) throw stopping(answer, failed("onResponse", call));
      const { reject, unsettled, refund: wish, response } = will ?? {};
      giveBack(call, "onResponse", claim, wish);
      if (reject) {
        if (paid && !wish) note(call, "onResponse", `rejected ${TOO_LATE}`);
        throw stopping(answer, rejected(reject));
      }
      if (response) return substitute(call, response, answer, clean);
      const seen = unpeeked(answer, body);
      if (unsettled === undefined) return seen;
      if (access.kind === "credit" || (claim && !paid)) return { ...seen, unsettled };
      note(call, "onResponse", `settle: false ${paid ? TOO_LATE : "of a call that costs nothing"}`);
      return seen;
    },

    async onError(call, error, { accepts, access }) {
      const code = error instanceof GatewayError ? error.code : "upstream_status";
      if (!call.route.hooks?.onError || code === "rejected") return;
      const claim = claimOf(access);
      const open = code === "payment_outcome_unknown" || code === "payment_in_progress";
      const why = code === "upstream_status" ? `upstream answered ${error.status}` : code;
      const will = await run("onError", call, {
        price: priceOf(accepts),
        payment: paymentOf(claim),
        error: Object.freeze({ code, status: error.status }),
        skipped: claim && !claim.receipt && !open ? why : undefined,
      });
      giveBack(call, "onError", claim, will?.refund);
    },
  };
}

const TOO_LATE = "after the money moved, which is too late; give { refund } to owe it back";

function claimOf(access: Access): Claim | undefined {
  return access.kind === "claimed" ? access.claim : undefined;
}

function failed(name: HookName, { route }: Call): GatewayError {
  return new GatewayError("hook_failed", { cause: `${name} of "${route.key}"` });
}
