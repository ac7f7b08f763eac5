/**
 * What the gateway counts: every metric with its labels, as `/metrics` shows it (under `tollbooth_`), and as a day's counts
 * are kept. A label's values come from the configuration, from a table or from a status: no client can make one up, so the
 * number of series is bounded.
 */

/** A sum that only grows. `scale`: it is kept as whole numbers of so many to one. */
type Counter = { help: string; labels: readonly string[]; scale?: number };

/** Durations, sorted by upper bounds in seconds. */
type Histogram = { help: string; labels: readonly string[]; bounds: readonly number[] };

/**
 * How calls end, each in one of these ways: served for a payment, on what was bought ahead, or for nothing; with an offer
 * (402), a payment that was no good, a rate limit, another refusal; with an error of the upstream, or of the gateway.
 */
export const OUTCOMES = [
  "paid",
  "ahead",
  "free",
  "offered",
  "rejected",
  "limited",
  "refused",
  "upstream",
  "gateway",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How far payments come, in turn. */
export const STAGES = ["offered", "presented", "settled", "delivered", "owed"] as const;

export const COUNTERS = {
  requests_total: { help: "Calls that were answered.", labels: ["route", "method", "status"] },
  outcomes_total: {
    help: "Calls by how they ended: paid, ahead, free, offered, rejected, limited, refused, upstream, gateway.",
    labels: ["route", "outcome"],
  },
  payments_total: {
    help: "Priced calls by what became of their payment: success, rejected or missing.",
    labels: ["route", "outcome"],
  },
  payment_stages_total: {
    help: "How far payments have come: offered (a 402), presented, settled, delivered, owed.",
    labels: ["route", "stage"],
  },
  access_total: {
    help: "Calls that were let through, by the grounds: free, session, credit, claimed, kept.",
    labels: ["route", "access"],
  },
  refusals_total: {
    help: "Calls that the gateway answered with an error of its own.",
    labels: ["route", "code"],
  },
  settlements_total: {
    help: "Settlements that were asked for: success, failure or unknown.",
    labels: ["strategy", "outcome"],
  },
  revenue_usd_total: { help: "US dollars that were settled.", labels: ["route"], scale: 1e6 },
  cache_hits_total: { help: "Payments that were known to be valid (verificationCache).", labels: ["route"] },
  cache_misses_total: { help: "Payments that were not known to be valid.", labels: ["route"] },
  response_cache_total: {
    help: "Answers by what the response cache did: HIT, MISS, STALE, REVALIDATED, BYPASS.",
    labels: ["route", "result"],
  },
  rate_limit_blocks_total: { help: "Calls that a rate limit has refused.", labels: ["route"] },
  upstream_errors_total: {
    help: "Answers of upstreams from 400 on; none at all is 502, none in time 504.",
    labels: ["upstream", "status"],
  },
  facilitator_requests_total: {
    help: "Requests to facilitators: valid, invalid, settled, failed, refused, unknown or unavailable.",
    labels: ["endpoint", "outcome"],
  },
  redis_requests_total: { help: "Requests to the stores: ok, failed or timeout.", labels: ["outcome"] },
} as const satisfies Record<string, Counter>;

export const HISTOGRAMS = {
  request_duration_seconds: {
    help: "Time until a call's answer began.",
    labels: ["route", "method"],
    bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  settlement_duration_seconds: {
    help: "Time that a settlement took.",
    labels: ["strategy"],
    bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  upstream_duration_seconds: {
    help: "Time until an upstream's answer began.",
    labels: ["upstream"],
    bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  facilitator_request_duration_seconds: {
    help: "Time that a request to a facilitator took.",
    labels: ["endpoint"],
    bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  redis_request_duration_seconds: {
    help: "Time that a request to a store took.",
    labels: [],
    bounds: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  },
} as const satisfies Record<string, Histogram>;

export type CounterName = keyof typeof COUNTERS;
export type HistogramName = keyof typeof HISTOGRAMS;

type Labels<Names extends readonly string[]> = Record<Names[number], string>;

/** Adds up what happens, in memory; never throws and never waits. */
export type Tally = {
  /** Adds to a counter, 1 unless told; of a counter with a scale, in its small units. */
  count: <Name extends CounterName>(
    name: Name,
    labels: Labels<(typeof COUNTERS)[Name]["labels"]>,
    amount?: number,
  ) => void;
  /** Notes a duration, ms. */
  time: <Name extends HistogramName>(
    name: Name,
    labels: Labels<(typeof HISTOGRAMS)[Name]["labels"]>,
    ms: number,
  ) => void;
};

/** Where nobody wants to know. */
export const UNCOUNTED: Tally = { count: () => undefined, time: () => undefined };
