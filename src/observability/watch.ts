/**
 * The watcher: the same rooms, for one request, which note on its sheet what happens in them. It decides nothing, changes
 * nothing, and makes no request. What comes after the answer's head (the last word on a payment) is counted at once.
 */
import type { Answer } from "../core/answer.ts";
import type { Cached } from "../core/cache.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock } from "../core/events.ts";
import type { Tally } from "../core/metrics.ts";
import type { Observation } from "../core/observation.ts";
import type { Rooms } from "../core/rooms.ts";
import { HEADERS, type PaymentRequirements } from "../core/x402.ts";
import { inDollars } from "./dollars.ts";
import { quietly } from "./quietly.ts";
import { watchClaim } from "./watch-claim.ts";

/** What the watcher needs. */
export type Watching = {
  sheet: Observation;
  tally: Tally;
  clock: Clock;
  /** Sees to it that what is counted now is written. */
  flush: () => Promise<void>;
};

/** The rooms, watched. */
export function watch(rooms: Rooms, watching: Watching): Rooms {
  const { sheet } = watching;
  const waiting = timer(watching);
  return {
    ...rooms,
    locate(arrival) {
      const located = rooms.locate(arrival);
      sheet.client = located.clientAddress;
      return located;
    },
    match(arrival) {
      const call = rooms.match(arrival);
      sheet.route = call.route;
      return call;
    },
    async quote(call) {
      const quote = await rooms.quote(call);
      if (quote.kind === "priced") priced(sheet, quote.accepts);
      return quote;
    },
    async present(call, accepts) {
      const { headers } = call.request;
      sheet.presented = headers.has(HEADERS.signature) || headers.has(HEADERS.v1Signature);
      const presented = await rooms.present(call, accepts);
      const { payment } = presented;
      if (payment) Object.assign(sheet, { payer: payment.payer, spend: payment.spend });
      return presented;
    },
    async admit(call, presented, accepts) {
      const standing = await waiting("admitMs", () => rooms.admit(call, presented, accepts));
      const { access, cached } = standing;
      sheet.access = access.kind;
      priced(sheet, standing.accepts);
      if (access.kind === "claimed") watchClaim(call, access.claim, watching);
      if (access.kind === "kept") sheet.transaction = access.receipt.transaction;
      return { ...standing, cached: watchCached(cached, watching) };
    },
    verify: (...asked) => waiting("facilitatorMs", () => rooms.verify(...asked)),
    resolve: (...asked) => waiting("facilitatorMs", () => rooms.resolve(...asked)),
    settle: (...asked) => waiting("facilitatorMs", () => rooms.settle(...asked)),
  };
}

/** Adds the time that something takes to the sheet. */
function timer({ sheet, clock }: Watching) {
  return async <T>(part: "admitMs" | "facilitatorMs" | "upstreamMs", work: () => Promise<T>): Promise<T> => {
    const began = clock();
    try {
      return await work();
    } finally {
      sheet[part] = (sheet[part] ?? 0) + clock() - began;
    }
  };
}

function priced(sheet: Observation, accepts: PaymentRequirements[] | undefined): void {
  const [first] = accepts ?? [];
  const { route } = sheet;
  if (!first || !route) return;
  quietly(() => {
    sheet.price = inDollars(route, first);
  });
}

/** The upstream's part; an answer that was kept is not its doing. */
function watchCached(cached: Cached, watching: Watching): Cached {
  const { sheet } = watching;
  const waiting = timer(watching);
  const noted = ({ response }: Answer) => {
    const told = sheet.route?.cache && response.headers.get("x-cache-status");
    if (told) sheet.cache = told;
    if (told !== "HIT" && told !== "STALE") sheet.upstreamStatus = response.status;
  };
  return {
    ...cached,
    async obtain(call) {
      try {
        const answer = await waiting("upstreamMs", () => cached.obtain(call));
        noted(answer);
        return answer;
      } catch (error) {
        const { code } = error instanceof GatewayError ? error : {};
        if (code === "upstream_unreachable") sheet.upstreamStatus = 502;
        if (code === "upstream_timeout") sheet.upstreamStatus = 504;
        throw error;
      }
    },
  };
}
