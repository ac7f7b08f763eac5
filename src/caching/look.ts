/** Asking the store about a call, in the one request that admits it, and what its reply is worth. */
import type { CacheRules } from "../core/cache.ts";
import type { Call } from "../core/call.ts";
import { about, type Emit } from "../core/events.ts";
import type { CacheStore, Kept, Lookup, Reply } from "../core/kept.ts";
import { wantsWebSocket } from "../core/upgrade.ts";
import { type Asked, askedOf } from "./key.ts";
import { type Judgement, judge } from "./rules.ts";
import { EVERYTHING, routeTag } from "./tags.ts";
import type { Wishes } from "./wishes.ts";

/** How long a call alone asks the upstream before others may think that it is gone, ms; renewed while it does. */
const LONGEST_LEASE_MS = 10_000;
/** Renewals are requests to the store, and a store may be slow. */
const SHORTEST_LEASE_MS = 1000;
/** Bodies of more characters are looked for beside the isolate first. */
const INLINE = 16_384;

/** A call that may be answered from the store. */
export type Seeking = {
  call: Call;
  rules: CacheRules;
  asked: Asked;
  wishes: Wishes;
  lookup: Lookup;
};

/** What was found for a call, and what it is worth. */
export type Found = {
  seeking: Seeking;
  reply: Reply;
  /** When that was known, ms by this isolate's clock. */
  heardAt: number;
  kept: { answer: Kept; judgement: Judgement } | undefined;
  lease: Lease;
};

/** The right of a call to be the only one that asks the upstream, where it has that; renewed until it ends. */
export type Lease = {
  /** It has ended by itself. */
  end: () => void;
  /** Lets others ask; `aloneMs`: for so long each for itself. Never throws. */
  letGo: (aloneMs: number) => void;
};

/** Why the store is not asked; undefined where it is. */
export function bypassOf(
  { request }: Call,
  { methods }: CacheRules,
  { noStore }: Wishes,
): "method" | "request" | undefined {
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (!methods.has(method) || wantsWebSocket(request)) return "method";
  // A part of an answer is the upstream's to give.
  return request.headers.has("range") || noStore ? "request" : undefined;
}

/** What storing takes. */
export type Storing = { store: CacheStore; emit: Emit };

/** What the store is asked; `seen` are the headers that the upstream would get, `mayAsk` is whether it may come to that. */
export async function seek(
  { call, rules, wishes }: Pick<Seeking, "call" | "rules" | "wishes">,
  seen: Headers,
  mayAsk: boolean,
): Promise<Seeking> {
  const asked = await askedOf(call, rules, seen);
  const isHead = call.request.method === "HEAD";
  // Nobody waits for an answer that may be somebody's own, or that wants to be asked for in any case.
  const unshared = asked.credentials || wishes.anew || wishes.onlyIfCached || isHead;
  // A body that is to be fetched may have gone by then, and what is sold for less must not cost the upstream its work.
  const inColo = rules.colo && call.colo && rules.charge === "full";
  const lookup: Lookup = {
    key: asked.key,
    selecting: asked.selecting,
    tags: [EVERYTHING, routeTag(call.route.key)],
    owner: crypto.randomUUID(),
    leaseMs: unshared || !mayAsk ? 0 : leaseOf(rules),
    anew: wishes.anew,
    inline: isHead ? 0 : inColo ? INLINE : undefined,
  };
  return { call, rules, asked, wishes, lookup };
}

/** Half the wait: whoever waits for one that is gone is there yet to take over, and they do not all ask at once. */
function leaseOf({ waitMs }: CacheRules): number {
  return Math.min(LONGEST_LEASE_MS, Math.max(SHORTEST_LEASE_MS, waitMs / 2));
}

/** What a reply is worth to the call. */
export function weigh(seeking: Seeking, reply: Reply, storing: Storing): Found {
  const { asked, wishes } = seeking;
  const { kept, turn, variant } = reply;
  const usable = kept && (kept.entry.shared || !asked.credentials);
  return {
    seeking,
    reply,
    heardAt: Date.now(),
    kept: usable ? { answer: kept, judgement: judge(kept, wishes) } : undefined,
    lease: turn.kind === "lead" ? hold(seeking, variant, storing) : NO_LEASE,
  };
}

const NO_LEASE: Lease = { end: () => undefined, letGo: () => undefined };

/** Renews the lease until it ends. */
function hold({ call, lookup }: Seeking, variant: string, { store, emit }: Storing): Lease {
  const { key, owner, leaseMs } = lookup;
  const failed = (error: unknown) =>
    emit({ event: "cache_lease_failed", level: "warn", ...about(call), error: String(error) });
  const renewing = setInterval(
    () => void store.renew(key, variant, owner, leaseMs).catch(failed),
    leaseMs / 3,
  );
  let over = false;
  const end = () => {
    over = true;
    clearInterval(renewing);
  };
  return {
    end,
    letGo(aloneMs) {
      if (over) return;
      end();
      call.waitUntil(store.release(key, variant, owner, aloneMs).catch(failed));
    },
  };
}

/** True when the store has what the call wants. */
export function isHit({ kept }: Pick<Found, "kept">): boolean {
  return kept !== undefined && kept.judgement.kind !== "expired";
}
