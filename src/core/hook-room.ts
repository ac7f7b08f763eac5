/** The hooks as the gateway calls them; `hooks/` implements it. */
import type { Answer } from "./answer.ts";
import type { Admitted, Call, Claim } from "./call.ts";
import type { GatewayError } from "./errors.ts";
import type { PaymentRequirements } from "./x402.ts";

/** How an admitted call stands: on what grounds it goes on, and what it costs. */
export type Standing = Admitted & {
  /** What may be paid for it; where its answer is kept, that may be another price than for one that is not. */
  accepts: PaymentRequirements[] | undefined;
};

/** The five, in the order of a call; each does nothing where no hook of that name is configured. */
export type HookRoom = {
  /** @throws GatewayError `rejected`, `hook_failed` */
  onRequest: (call: Call) => Promise<void>;
  /** @throws GatewayError `rejected`, `hook_failed` */
  onPriceResolved: (call: Call, accepts: PaymentRequirements[] | undefined) => Promise<void>;
  /** The money has moved, in this call. Never throws. */
  onSettled: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;
  /** The answer that goes out, and whether it may be charged. @throws GatewayError `rejected`, `hook_failed` */
  onResponse: (call: Call, answer: Answer, standing: Standing) => Promise<Answer>;
  /** Of an error, or of an answer that was not worth its price; before the claim's last word. Never throws. */
  onError: (call: Call, error: GatewayError | { status: number }, standing: Standing) => Promise<void>;
};
