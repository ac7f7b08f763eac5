/** Where an instance can die, and what it leaves behind: the steps of a call in their order, for both timings. */
import type { Release, Stop } from "../lab/stops.ts";

/** What the payer's return ends in: the answer, or word that it was had already. */
export type Ending = "served" | "used";

/** One place to die. */
export type Crash = {
  at: Stop;
  when: string;
  /** Held as well, so that the step is not overtaken by what runs beside it. */
  beside?: Stop;
  /** What the instance leaves behind. */
  leaves: { state: "none" | "claimed" | "settled"; paid: boolean; done?: "1" };
  /** What the client had by then; nothing unless told. */
  client?: "half" | "whole";
  /** How the payer's return ends when what was under way is lost ("cut") and when it happens ("go"). */
  ends?: Record<Release, Ending>;
};

const CLAIMED = { state: "claimed", paid: false } as const;
const PAID_UNNOTED = { state: "claimed", paid: true } as const;
const SETTLED = { state: "settled", paid: true } as const;

const FIRST: Crash[] = [
  { at: "claim:received", when: "the claim has not been made", leaves: { state: "none", paid: false } },
  { at: "claim:done", when: "the claim is made, its reply unread", leaves: CLAIMED },
];
const LAST: Crash[] = [
  { at: "upstream:half", when: "half of the answer is out", leaves: SETTLED, client: "half" },
  {
    at: "delivered:received",
    when: "the answer is out, nobody has noted it",
    leaves: SETTLED,
    client: "whole",
    ends: { cut: "served", go: "used" },
  },
  {
    at: "delivered:done",
    when: "the answer is out and noted, the store's reply unread",
    leaves: { ...SETTLED, done: "1" },
    client: "whole",
    ends: { cut: "used", go: "used" },
  },
];

/** The steps of a call, in their order, where it settles before it asks the upstream … */
export const BEFORE_RESPONSE: Crash[] = [
  ...FIRST,
  { at: "settle:received", when: "the facilitator has been asked and has done nothing", leaves: CLAIMED },
  { at: "settle:done", when: "the money has moved, the reply is unread", leaves: PAID_UNNOTED },
  {
    at: "settled:received",
    when: "the settlement is known and not noted",
    beside: "upstream:received",
    leaves: PAID_UNNOTED,
  },
  {
    at: "settled:done",
    when: "the settlement is noted, the store's reply unread",
    beside: "upstream:received",
    leaves: SETTLED,
  },
  { at: "upstream:received", when: "the upstream has the request and has not answered", leaves: SETTLED },
  ...LAST,
];

/** … and where it settles once the upstream has answered. */
export const AFTER_RESPONSE: Crash[] = [
  ...FIRST,
  { at: "verify:received", when: "the facilitator has been asked for its verdict", leaves: CLAIMED },
  { at: "verify:done", when: "the verdict is there and unread", leaves: CLAIMED },
  { at: "upstream:received", when: "the upstream has the request and has not answered", leaves: CLAIMED },
  { at: "settle:received", when: "the facilitator has been asked to settle and has not", leaves: CLAIMED },
  { at: "settle:done", when: "the money has moved, the reply is unread", leaves: PAID_UNNOTED },
  {
    at: "settled:received",
    when: "the settlement is known and not noted",
    beside: "upstream:half",
    leaves: PAID_UNNOTED,
    client: "half",
  },
  {
    at: "settled:done",
    when: "the settlement is noted, the store's reply unread",
    beside: "upstream:half",
    leaves: SETTLED,
    client: "half",
  },
  ...LAST,
];
