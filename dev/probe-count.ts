/** What a probe saw, counted: pure, so that it can be told from any answers. */

/** One answer, as far as a probe looks at it; `lost`: no answer came. */
export type Seen =
  | { status: number; code?: string; transaction?: string; limits: Record<string, string> }
  | "lost";

/** Answers by status, with the problem's code where there was one: `200`, `409 payment_in_progress`, `lost`. */
export type Counts = Record<string, number>;

/** What many presentations of one payment came to. */
export type DuplicatesReport = {
  presented: number;
  counts: Counts;
  served: number;
  /** Different transactions named in receipts: more than one means that the payer was charged more than once. */
  transactions: string[];
};

/** What many plain requests came to. */
export type RateLimitReport = {
  sent: number;
  counts: Counts;
  passed: number;
  limited: number;
  /** Each rate limit header seen, with its first and its last value and how many different ones there were. */
  headers: Record<string, { first: string; last: string; distinct: number }>;
};

const LIMIT_HEADER = /^(?:x-)?ratelimit(?:-.+)?$|^retry-after$/;

/** The headers of an answer that tell about a rate limit. */
export function limitsOf(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => LIMIT_HEADER.test(name)));
}

/** The report of `duplicates`. */
export function countDuplicates(seen: Seen[]): DuplicatesReport {
  const answers = seen.filter((each) => each !== "lost");
  const transactions = new Set(answers.flatMap(({ transaction }) => transaction ?? []));
  return {
    presented: seen.length,
    counts: countByStatus(seen),
    served: answers.filter(isPassed).length,
    transactions: [...transactions],
  };
}

/** The report of `rate-limit`; the answers in the order in which they came. */
export function countLimited(seen: Seen[]): RateLimitReport {
  const answers = seen.filter((each) => each !== "lost");
  const names = new Set(answers.flatMap(({ limits }) => Object.keys(limits)));
  const headers = [...names].sort().map((name) => {
    const values = answers.flatMap(({ limits }) => limits[name] ?? []);
    const summary = { first: values[0] ?? "", last: values.at(-1) ?? "", distinct: new Set(values).size };
    return [name, summary] as const;
  });
  return {
    sent: seen.length,
    counts: countByStatus(seen),
    passed: answers.filter(isPassed).length,
    limited: answers.filter(({ status }) => status === 429).length,
    headers: Object.fromEntries(headers),
  };
}

function countByStatus(seen: Seen[]): Counts {
  const counts: Counts = {};
  for (const each of seen) {
    const name = each === "lost" ? each : [each.status, each.code].filter(Boolean).join(" ");
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)));
}

function isPassed({ status }: { status: number }): boolean {
  return status >= 200 && status < 400;
}
