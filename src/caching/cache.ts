/**
 * The response cache: an answer that was fetched for one serves all who ask the same, in every isolate and region, by the
 * rules of RFC 9111 for a shared cache. The buyer pays all the same; it is the upstream that is not asked.
 *
 * | found | then |
 * |---|---|
 * | fresh | handed out |
 * | stale, and it may be | handed out; whoever has the lease asks the upstream meanwhile (RFC 5861, 3) |
 * | expired, or nothing, and the lease is ours | the upstream is asked, for all; what it says of an answer that it knows is enough |
 * | the same, and another call has it | waited for, and for no longer than the route says; then this call asks for itself |
 *
 * The question goes to the store in the one request that admits the call. Whatever fails here, the upstream is asked as if
 * there were no cache.
 */
import type { Answer, Asking } from "../core/answer.ts";
import type { Cached, CacheRules } from "../core/cache.ts";
import type { Call } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import { about } from "../core/events.ts";
import type { Batch } from "../core/stores.ts";
import { answerAnew } from "./anew.ts";
import { drain } from "./fill.ts";
import { handOut } from "./hand-out.ts";
import { keysOf, queryOf } from "./key.ts";
import { bypassOf, type Found, isHit, type Storing, seek, weigh } from "./look.ts";
import { tell } from "./status.ts";
import { follow } from "./wait.ts";
import { wishesOf } from "./wishes.ts";

/**
 * Puts the call's question to a batch; the function it gives back waits for the reply, and never throws. `mayAsk`: the call
 * may come to ask the upstream, so that others may have to wait for it.
 */
export type Find = (call: Call, batch: Pick<Batch, "add">, mayAsk: boolean) => Promise<() => Promise<Cached>>;

/** What the room needs. */
export type CacheOptions = Storing & {
  /** The headers that the upstream would get. */
  seen: (call: Call) => Headers;
  forward: (call: Call, asking?: Asking) => Promise<Answer>;
};

/** Makes the room. */
export function makeFind(options: CacheOptions): Find {
  const { store, seen, emit } = options;
  const forward: CacheOptions["forward"] = async (call, asking) => {
    const answer = await options.forward(narrowed(call), asking);
    if (call.outdates) await forget(call, call.outdates, answer.response.status);
    return answer;
  };

  /** An unsafe method may have changed what is kept for the same URL (RFC 9111, 4.4). */
  async function forget(call: Call, rules: CacheRules, status: number): Promise<void> {
    if (status < 200 || status >= 400) return;
    const failed = (error: unknown) =>
      emit({ event: "cache_purge_failed", level: "error", ...about(call), error: String(error) });
    await store.purge({ keys: keysOf(call.url, rules), tags: [] }).catch(failed);
  }

  const past = (onlyIfCached: boolean, reason?: "method" | "request" | "bypass"): Cached => ({
    fresh: false,
    refusal: onlyIfCached ? new GatewayError("not_cached") : undefined,
    letGo: () => undefined,
    async obtain(call) {
      const answer = await forward(call);
      return !reason || answer.response.webSocket ? answer : bypassed(answer, reason);
    },
  });

  async function obtain(call: Call, found: Found): Promise<Answer> {
    const waits = !isHit(found) && found.reply.turn.kind === "follow";
    const last = waits ? await follow(found, options) : found;
    const served = isHit(last) && (await handOut(last, waits, options));
    if (!served) return answerAnew(call, last, { ...options, forward });
    if (served.stale && last.reply.turn.kind === "lead") {
      const renewing = answerAnew(call, last, { ...options, forward, unseen: true });
      call.waitUntil(renewing.then(drain).catch(() => undefined));
    } else last.lease.letGo(0);
    return served.answer;
  }

  return async function find(call, batch, mayAsk) {
    const rules = call.route.cache;
    if (!rules) return async () => past(false);
    const wishes = wishesOf(call.request.headers);
    const bypass = bypassOf(call, rules, wishes);
    if (bypass) return async () => past(wishes.onlyIfCached, bypass);
    const seeking = await seek({ call, rules, wishes }, seen(call), mayAsk);
    const asked = batch.add(await store.look(seeking.lookup));
    return async () => {
      const reply = await asked.catch(() => undefined);
      if (!reply) {
        emit({ event: "cache_skipped", level: "warn", ...about(call) });
        return past(wishes.onlyIfCached, "bypass");
      }
      const found = weigh(seeking, reply, options);
      const missing = wishes.onlyIfCached && !isHit(found);
      return {
        fresh: found.kept?.judgement.kind === "fresh",
        refusal: missing ? new GatewayError("not_cached") : undefined,
        letGo: () => found.lease.letGo(0),
        obtain: (admitted) => obtain(admitted, found),
      };
    };
  };
}

/** The upstream sees no more of the query than tells answers apart. */
function narrowed(call: Call): Call {
  const queryKeys = call.route.cache?.queryKeys;
  if (!queryKeys || call.route.path?.includes("?")) return call;
  const target = new URL(call.target);
  target.search = queryOf(call.url, queryKeys);
  return { ...call, target };
}

function bypassed(answer: Answer, fwd: "method" | "request" | "bypass"): Answer {
  const { body, status } = answer.response;
  const headers = new Headers(answer.response.headers);
  headers.delete("cache-tag");
  tell(headers, { word: "BYPASS", fwd });
  return {
    ...answer,
    response: new Response(body, { status, headers }),
    held: [answer.held, answer.response],
  };
}
