/** What is noted of one request on its way: for the log, the metrics and `Server-Timing`. */
import type { Access } from "./call.ts";
import type { ErrorCode } from "./error-codes.ts";
import type { Route } from "./route.ts";
import type { Trace } from "./trace.ts";

/** How the gateway is watched, as configured. */
export type Observing = {
  /** Events below this are not told. */
  logLevel: LogLevel;
  /** Where the metrics are read, and the token that it takes; undefined: nowhere. */
  metrics: { path: string; token: string | undefined } | undefined;
  /** Calls are counted: somebody may read the counts. */
  counting: boolean;
  /** Answers tell how long what took (`Server-Timing`). */
  serverTiming: boolean;
  /** Share of the traces that begin here which is sampled, 0 to 1. */
  traceSample: number;
};

/** From the least on. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One request. What it never came to is undefined. All durations are ms. */
export type Observation = {
  /** A UUID; a problem document has it too. */
  id: string;
  /** When it came, ms since 1970. */
  at: number;
  method: string;
  /** Without the query, which may hold secrets. */
  path: string;
  /** One of the gateway's own endpoints, or a preflight: nothing was for sale. */
  own: boolean;
  trace?: Trace;
  runtime?: string | undefined;
  region?: string | undefined;
  /** Cloudflare's name of the request. */
  ray?: string | undefined;
  /** In the clear; only hashes of it are told. */
  client?: string | undefined;
  route?: Route;
  /** What it costs, or has cost, US dollars: `$0.01`. */
  price?: string;
  /** It came with a payment, good or not. */
  presented: boolean;
  /** In the clear; only hashes of it are told. */
  payer?: string | undefined;
  /** The payment's record. */
  spend?: string;
  access?: Access["kind"];
  transaction?: string | undefined;
  /** What the response cache did. */
  cache?: string;
  /** Waiting for the stores before anything else, for facilitator and chain, and for the upstream. */
  admitMs?: number;
  facilitatorMs?: number;
  upstreamMs?: number;
  /** What the upstream answered, or 502 and 504 where it did not. */
  upstreamStatus?: number;
  /** The gateway's own refusal, and why, for the operator only. */
  code?: ErrorCode;
  error?: string | undefined;
  status: number;
  /** Until the answer began. */
  durationMs: number;
};
