/**
 * W3C trace context (https://www.w3.org/TR/trace-context/): which trace a call belongs to. What the client sends is
 * continued; where it sends nothing that counts, a trace begins here, and the gateway decides whether it is sampled.
 */
import { hex } from "./hash.ts";

/** The trace of a call, and the gateway's own place in it. */
export type Trace = {
  /** 32 hexadecimal digits. */
  id: string;
  /** The gateway's span, 16 digits: the parent of what the upstream does. */
  span: string;
  /** Two digits. */
  flags: string;
  /** What others have added, as it came. */
  state: string | undefined;
};

/** Version 00, or a later one, of which the beginning is the same (4.3). */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;
/** `sampled` and `random-trace-id`; the others are nobody's yet, and are set to zero. */
const KNOWN_FLAGS = 3;

/** The trace of a request; of those that begin here, the share `sample` (0 to 1) is sampled. */
export function traceOf(headers: Headers, sample: number): Trace {
  const drawn = hex(crypto.getRandomValues(new Uint8Array(24)));
  const span = drawn.slice(32);
  const [, version, id, flags = "00", more] = TRACEPARENT.exec(headers.get("traceparent") ?? "") ?? [];
  if (id !== undefined && !(version === "00" && more !== undefined)) {
    const known = Number.parseInt(flags, 16) & KNOWN_FLAGS;
    return { id, span, flags: `0${known}`, state: headers.get("tracestate") || undefined };
  }
  return { id: drawn.slice(0, 32), span, flags: Math.random() < sample ? "01" : "00", state: undefined };
}

/** The `traceparent` that goes up. */
export function traceparentOf({ id, span, flags }: Trace): string {
  return `00-${id}-${span}-${flags}`;
}
