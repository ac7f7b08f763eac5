/** The rooms as the gateway calls them. */
import type { Answer, KeptAnswer } from "./answer.ts";
import type { Arrival } from "./arrival.ts";
import type { Cached } from "./cache.ts";
import type { Admitted, Call, Claim, Payment, Ticket } from "./call.ts";
import type { GatewayError } from "./errors.ts";
import type { HookRoom, Standing } from "./hook-room.ts";
import type { Quote } from "./quote.ts";
import type { PaymentRequirements, Receipt } from "./x402.ts";

type Accepts = PaymentRequirements[];

/**
 * What a client brings to pay with: nothing on a free route, else a payment, a session's token, or both; `refused` is
 * why the payment beside a token was no good.
 */
export type Presented = { payment?: Payment | undefined; ticket?: Ticket | undefined; refused?: unknown };

/** The doors. What each may throw is written there; all of it is a `GatewayError`. */
export type Rooms = HookRoom & {
  /** The answer to a browser that asks what a page of another origin may send; undefined for any other request. */
  preflight: (request: Request) => Response | undefined;
  /** The answer with the fields by which a page of another origin may read it. */
  dress: (request: Request, response: Response) => Response;
  /** The same failure, as a page where it is a price and a person is looking. */
  show: (request: Request, error: GatewayError) => GatewayError;
  /** Refuses what is too long to be looked at: `url_too_long`, `headers_too_large`. */
  inspect: (arrival: Arrival) => void;
  /** Who the client is, behind the proxies that are trusted. */
  locate: (arrival: Arrival) => Arrival;
  /** The answer to who looks around for something to buy; undefined for any other call. `method_not_allowed` */
  discover: (arrival: Arrival) => Promise<Response | undefined>;
  match: (arrival: Arrival) => Call;
  quote: (call: Call) => Promise<Quote>;
  present: (call: Call, accepts: Accepts) => Promise<Presented>;
  /** `cached` gets the answer, once. */
  admit: (
    call: Call,
    presented: Presented,
    accepts: Accepts | undefined,
  ) => Promise<Standing & { cached: Cached }>;
  verify: (call: Call, claim: Claim, accepts: Accepts) => Promise<void>;
  resolve: (call: Call, claim: Claim, accepts: Accepts) => Promise<void>;
  /** All of the price, or so much of it, atomic units. */
  settle: (call: Call, claim: Claim, accepts: Accepts, amount?: string) => Promise<Receipt>;
  /** Says what of the price an answer is charged, or opens a tab for it. */
  meter: (call: Call, claim: Claim, answer: Answer) => Promise<Answer>;
  /** Charges for what was served; true once it has. Never throws. */
  collect: (call: Call, claim: Claim, accepts: Accepts, amount: string) => Promise<boolean>;
  /** The answer's fields about what the settled payment has bought. */
  grant: (call: Call, claim: Claim) => Promise<Record<string, string>>;
  replay: (kept: KeptAnswer) => Answer;
  /** What becomes of an answer that is there when its settlement has failed. */
  withhold: (call: Call, answer: Answer, claim: Claim, reason: unknown) => void;
  isServed: (call: Call, status: number) => boolean;
  respond: (call: Call, answer: Answer, admitted: Admitted) => Response;
};
