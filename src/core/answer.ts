/** Answers on their way to the client. */

/**
 * An upstream's answer; `stop` ends it on both sides. `held` is what must not be forgotten meanwhile: Node cancels the body
 * of a fetched response that nobody holds any more.
 */
export type Answer = {
  response: Response;
  stop: () => void;
  held?: unknown;
  /** Why it shall not be charged, though it may be worth its price. */
  unsettled?: string;
  /** What is charged of an `upto` payment, atomic units, where it is known before it goes out. */
  charge?: string;
  /** Open where that is known only once it has ended. */
  tab?: Tab;
  /** Hears how it ended, in place of the claim. */
  ended?: (how: Ending) => Promise<void>;
};

/** Counts an answer on its way; the charge in atomic units, or undefined when nothing is to be charged by this isolate. */
export type Tab = {
  /** What would be charged if it ended now, atomic units. */
  soFar: () => string;
  sent: (chunk: Uint8Array) => void;
  /** Aborted when what went through must be charged now, whether its client goes on reading or not. */
  over: AbortSignal;
  close: (how: Ending) => string | undefined;
};

/** How the upstream is asked, where that is not what the client asked for. */
export type Asking = {
  /** Set on the request after everything else; `undefined` takes the field away. */
  headers?: Record<string, string | undefined>;
  /** The client's leaving does not end it; the answer's `stop` does in any case. Default false. */
  detached?: boolean;
};

/**
 * What became of a body: the client has all of it (`delivered`), or walked away from it (`left`); it broke off half-way
 * (`broken`); nobody took the first byte of it, or the gateway itself went down (`unfinished`).
 */
export type Ending = "delivered" | "left" | "broken" | "unfinished";

/** An answer that was kept to be handed out again: name and value of each header, and the body in base64. */
export type KeptAnswer = { status: number; headers: [string, string][]; body: string };
