import type { Offered } from "./paywall.ts";

/** What may accompany a failure. */
export type ErrorDetails = {
  /** Public sentence about this very occurrence; never a foreign system's own words. */
  detail?: string;
  /** Public hint in place of the table's. */
  hint?: string;
  /** Response headers (x402, `Allow`, `Retry-After`). */
  headers?: Record<string, string>;
  /** Further public members of the problem document. */
  members?: Record<string, unknown>;
  /** Answered in place of the table's status and the problem document: what a hook of the operator's wants said. */
  answer?: { status: number; body?: string; type?: string };
  /** What could be paid for, where that is the failure. */
  offered?: Offered;
  /** True when what was asked may still be done, though nobody waits for it. */
  late?: boolean;
  /** For the log only. */
  cause?: unknown;
};
