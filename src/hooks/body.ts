/** The request's body for hooks: read from a copy of the stream, so that the upstream gets it as it came. */
import type { Call } from "../core/call.ts";
import { peek } from "./peek.ts";
import { quiet } from "./within.ts";

const read = new WeakMap<Call, Promise<Uint8Array>>();

/** The body's bytes; each asker gets a copy. Rejects beyond the limit, and once the body has gone to the upstream. */
export async function bytesOf(call: Call): Promise<Uint8Array> {
  const reading = read.get(call) ?? quiet(readCopy(call.request));
  read.set(call, reading);
  return (await reading).slice();
}

async function readCopy(request: Request): Promise<Uint8Array> {
  if (!request.body) return new Uint8Array();
  if (request.bodyUsed || request.body.locked) {
    throw new Error("the request's body has gone to the upstream: read it in onRequest or onPriceResolved");
  }
  const copy = peek(request.clone().body, "the request's body");
  try {
    return await copy.bytes();
  } catch (error) {
    // The half of a stream that nobody reads is kept in memory.
    copy.cancel();
    throw error;
  }
}
