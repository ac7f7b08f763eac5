/** Asking the upstream, for this call and for all who want the same. */
import type { Answer, Asking } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import type { Kept } from "../core/kept.ts";
import { CONDITIONS, isAbout, isNotModified, notModified, validatorsOf } from "./conditional.ts";
import { updatedHeaders } from "./entry.ts";
import { aloneAfter, draftOf, fill } from "./fill.ts";
import { answerOf, bodyOf } from "./hand-out.ts";
import type { Found, Storing } from "./look.ts";
import { type Judgement, mayReplaceError } from "./rules.ts";
import { type Told, tell } from "./status.ts";
import { tagField } from "./tags.ts";

/** Statuses of a failing upstream (RFC 5861, 4). */
const FAILING = new Set([500, 502, 503, 504]);

/** What asking takes; `unseen`: nobody is handed the answer. */
export type AskingOptions = Storing & {
  forward: (call: Call, asking: Asking) => Promise<Answer>;
  unseen?: boolean;
};

type Known = { answer: Kept; judgement: Judgement; body: string };

/** The upstream's answer, kept if it may be. @throws GatewayError `upstream_unreachable`, `upstream_timeout` */
export async function answerAnew(call: Call, found: Found, options: AskingOptions): Promise<Answer> {
  const { kept, reply, lease, seeking } = found;
  const body = kept && (await bodyOf(seeking, reply.variant, kept.answer, options));
  const known = kept && body !== undefined ? { ...kept, body } : undefined;
  try {
    return await asked(call, found, known, options);
  } catch (error) {
    lease.letGo(0);
    if (!known || !mayReplaceError(known.answer.entry, known.judgement)) throw error;
    return answerOf(seeking, known, { word: "STALE", fwd: "stale", ttl: known.judgement.ttl });
  }
}

async function asked(
  call: Call,
  found: Found,
  known: Known | undefined,
  options: AskingOptions,
): Promise<Answer> {
  const { seeking, lease, reply } = found;
  const isHead = call.request.method === "HEAD";
  const stored = new Headers(known?.answer.entry.headers);
  const validators = known && !isHead ? validatorsOf(stored) : {};
  // A condition of this client's would get an answer that is of no use to the others.
  const without = isHead ? {} : Object.fromEntries(CONDITIONS.map((name) => [name, undefined]));
  const detached = reply.turn.kind === "lead" && !isHead;
  const began = Date.now();
  const answer = await options.forward(call, { headers: { ...without, ...validators }, detached });
  const { status, headers } = answer.response;
  const told = { fwd: fwdOf(found), fwdStatus: status } as const;

  if (known && FAILING.has(status) && mayReplaceError(known.answer.entry, known.judgement)) {
    answer.stop();
    lease.letGo(0);
    return answerOf(seeking, known, { ...told, word: "STALE", ttl: known.judgement.ttl });
  }
  if (status === 304 && known && Object.keys(validators).length > 0) {
    if (isAbout(stored, headers)) return stillGood(found, known, headers, { began, told, options });
    return asked(call, found, undefined, options);
  }
  const draft = draftOf(found, answer.response, began);
  const shown = new Headers(headers);
  shown.delete("cache-tag");
  tell(shown, { ...told, word: "MISS", stored: draft !== undefined });
  const out = (from: Answer): Answer => ({
    ...from,
    response: new Response(from.response.body, { status, headers: shown }),
    held: [from.held, from.response],
  });
  if (!draft) {
    lease.letGo(aloneAfter(answer.response));
    // Asked for all, and of use to one: it is that one's to leave.
    if (detached) call.request.signal?.addEventListener("abort", answer.stop, { once: true });
    return out(answer);
  }
  const filling = out(fill(found, answer, draft, options));
  if (options.unseen || !isNotModified(call.request.headers, filling.response)) return filling;
  call.waitUntil(filling.response.body?.cancel() ?? Promise.resolve());
  return { ...filling, response: notModified(filling.response) };
}

/** The upstream has said that what is kept is still good: it is fresh again (RFC 9111, 4.3.4). */
function stillGood(
  found: Found,
  { answer, body }: Known,
  fresh: Headers,
  { began, told, options }: { began: number; told: Pick<Told, "fwd" | "fwdStatus">; options: AskingOptions },
): Answer {
  const { seeking, lease } = found;
  const { entry, version } = answer;
  const headers = updatedHeaders(entry.headers, fresh);
  const tagged = new Headers(headers);
  // They are no part of what is stored of its fields; without them a purge of the tag would pass it by.
  tagged.set("cache-tag", fresh.get("cache-tag") ?? tagField(answer.tags));
  const draft = draftOf(found, { status: entry.status, headers: tagged }, began);
  if (draft) {
    const { head, ...keeping } = draft;
    const { encoding, size } = entry;
    const update = { ...keeping, entry: { ...head, encoding, size }, body: undefined, was: version };
    const kept = options.store.keep(update).then(
      () => lease.end(),
      () => lease.letGo(0),
    );
    seeking.call.waitUntil(kept);
  } else lease.letGo(0);
  const renewed = { ...answer, entry: { ...entry, headers: [...headers] } };
  const age = draft?.head.lifetime.age ?? 0;
  return answerOf(
    seeking,
    { answer: renewed, body, judgement: { age } },
    { ...told, word: "REVALIDATED", stored: draft !== undefined },
  );
}

/** Why the upstream is asked. */
function fwdOf({ kept, reply, seeking }: Found): Told["fwd"] {
  if (!kept) return reply.kept ? "request" : "uri-miss";
  return seeking.wishes.anew ? "request" : "stale";
}
