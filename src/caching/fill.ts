/**
 * Keeping an upstream's answer while it goes out. The two sides do not wait for each other: a client that is slow or leaves
 * does not keep the answer from being stored, and the client's bytes do not wait for the store. What is longer than the
 * route keeps, or did not come whole, is not stored, and whoever waits for it is let go.
 */
import type { Answer } from "../core/answer.ts";
import { about } from "../core/events.ts";
import type { Entry, Keeping } from "../core/kept.ts";
import { storedBody, storedHeaders } from "./entry.ts";
import type { Found, Storing } from "./look.ts";
import { hasValidator, lifetimeOf } from "./rules.ts";
import { EVERYTHING, routeTag, upstreamTag } from "./tags.ts";

/** An answer that the upstream can be asked about is kept for so much longer, ms. */
const FOR_VALIDATION_MS = 3600_000;
/** After an answer that cannot be shared, everybody asks for itself for so long, ms. */
const ALONE_MS = 10_000;
const MOST_TAGS = 64;
const LONGEST_TAG = 256;

/** An answer to be kept, without its body. */
export type Draft = Omit<Keeping, "entry" | "body"> & { head: Omit<Entry, "encoding" | "size"> };

/** How an answer is to be kept that was asked for at `began`, ms by this isolate's clock; undefined when it is not. */
export function draftOf(
  { seeking, reply, heardAt }: Found,
  { status, headers }: Pick<Response, "status" | "headers">,
  began: number,
): Draft | undefined {
  const { rules, asked, lookup, call } = seeking;
  const life = lifetimeOf({ status, headers }, rules, asked.credentials);
  const tags = tagsOf(headers, call.route.key);
  const length = Number(headers.get("content-length") ?? 0);
  if (!life || !tags || length > rules.maxBytes || call.request.method === "HEAD") return undefined;
  const { lifetime, shared } = life;
  const freshMs = Math.max(0, lifetime.fresh - lifetime.age) * 1000;
  const staleMs = Math.max(lifetime.whileRevalidate, lifetime.ifError) * 1000;
  const keepMs = freshMs + Math.max(staleMs, hasValidator(headers) ? FOR_VALIDATION_MS : 0);
  if (keepMs === 0) return undefined;
  return {
    key: lookup.key,
    selecting: lookup.selecting,
    owner: lookup.owner,
    variant: reply.variant,
    // By the store's clock, and not later than it was.
    since: reply.now + Math.max(0, began - heardAt),
    freshMs,
    keepMs,
    vary: namesIn(headers.get("vary"), alwaysTelling(asked.selecting, rules.vary)),
    tags,
    version: crypto.randomUUID(),
    head: { status, headers: storedHeaders(headers), lifetime, shared },
  };
}

/** Sends the answer on and stores it beside that; one that is not to be kept goes on as it is. */
export function fill(found: Found, answer: Answer, draft: Draft, { store, emit }: Storing): Answer {
  const { call, rules } = found.seeking;
  const { response } = answer;
  const { status, headers, body } = response;
  const [forClient, forStore] = body?.tee() ?? [null, null];
  const announced = headers.get("content-length");
  const storing = collect(forStore, rules.maxBytes)
    .then(async (chunks) => {
      const { head, ...keeping } = draft;
      const { body: text, ...stored } = storedBody(chunks);
      if (announced !== null && Number(announced) !== stored.size) throw new Error("it came short");
      await store.keep({ ...keeping, entry: { ...head, ...stored }, body: text });
      found.lease.end();
    })
    .catch((error: unknown) => {
      const tooLong = error instanceof TooLong;
      if (!tooLong) emit({ event: "cache_not_stored", level: "warn", ...about(call), error: String(error) });
      found.lease.letGo(tooLong ? ALONE_MS : 0);
    });
  call.waitUntil(storing);
  return { ...answer, response: new Response(forClient, { status, headers }), held: [answer.held, response] };
}

/** Nobody takes the answer: its storing goes on by itself. Never throws. */
export async function drain({ response }: Answer): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** For how long nobody need wait for the next one, after an answer that is not kept. */
export function aloneAfter({ status }: Response): number {
  // One that fails may do better for the next, and must not be asked by all at once.
  return status >= 500 ? 0 : ALONE_MS;
}

class TooLong extends Error {}

/** All of it. @throws TooLong, or what broke it off */
async function collect(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  if (!body) return chunks;
  const reader = body.getReader();
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    size += value.byteLength;
    if (size > maxBytes) {
      // Not waited for: it ends only when the client's side does.
      reader.cancel().catch(() => undefined);
      throw new TooLong();
    }
    chunks.push(value);
  }
}

/** The upstream's tags and our own; undefined when there are too many to be looked at for every call. */
function tagsOf(headers: Headers, route: string): string[] | undefined {
  const own = (headers.get("cache-tag") ?? "").split(",").map((tag) => tag.trim());
  const tags = [...new Set(own)].filter((tag) => tag !== "");
  if (tags.length > MOST_TAGS || tags.some((tag) => tag.length > LONGEST_TAG)) return undefined;
  return [EVERYTHING, routeTag(route), ...tags.map(upstreamTag)];
}

/** Names that tell answers apart in any case: the route's, and the price. */
function alwaysTelling(selecting: Keeping["selecting"], own: string[]): string[] {
  return [...own, ...selecting.map(([name]) => name).filter((name) => name.startsWith(":"))];
}

function namesIn(vary: string | null, own: string[]): string[] {
  const names = (vary ?? "").split(",").map((name) => name.trim().toLowerCase());
  // The upstream is asked with the same encodings whoever asks.
  const telling = names.filter((name) => name !== "" && name !== "accept-encoding");
  return [...new Set([...own, ...telling])];
}
