import type { Endpoint } from "./execute.ts";
import type { Command } from "./resp.ts";

/** What goes back over HTTP; the body is JSON unless an interceptor lies on purpose. */
export interface Answer {
  status: number;
  body: string;
}

/** A request that has passed the token check and parses. */
export interface BridgeRequest {
  endpoint: Endpoint;
  commands: readonly Command[];
  /** Aborts when the caller hangs up or the bridge closes. */
  signal: AbortSignal;
}

/**
 * Stands between the HTTP request and Redis; fault tests and counters live here. `next` runs the request, or other
 * commands in its place, and may be called any number of times. Resolve `undefined` to cut the connection unanswered.
 */
export type Intercept = (
  request: BridgeRequest,
  next: (commands?: readonly Command[]) => Promise<Answer>,
) => Promise<Answer | undefined>;
