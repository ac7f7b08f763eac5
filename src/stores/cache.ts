/** Answers that are kept for everybody (`docs/storage.md`): `{prefix}:cache:{hash}`, and the purges beside them. */
import * as z from "zod/mini";
import { GatewayError } from "../core/errors.ts";
import { hash } from "../core/hash.ts";
import type { CacheStore, Keeping, Kept, Lookup, Purge, Reply } from "../core/kept.ts";
import type { RunScripts, ScriptCall } from "../core/stores.ts";
import { BODY, KEEP, LEASE, PURGE_KEY, PURGE_TAGS } from "./cache-changes.ts";
import { LOOK } from "./cache-scripts.ts";

const Looked = z.tuple([
  z.string(),
  z.string(),
  z.enum(["lead", "follow", "alone", "none"]),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
]);
const StoredEntry = z.object({
  status: z.int(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  encoding: z.enum(["text", "base64"]),
  size: z.number(),
  lifetime: z.object({
    age: z.number(),
    fresh: z.number(),
    whileRevalidate: z.number(),
    ifError: z.number(),
    strict: z.boolean(),
  }),
  shared: z.boolean(),
});

/** How keys are named. */
export type CacheOptions = {
  prefix: string;
  /** Keeps what was asked for from being guessed back out of the keys. */
  secret: string;
};

/** Kept answers behind a connection. */
export function cacheStore(run: RunScripts, { prefix, secret }: CacheOptions): CacheStore {
  const purges = `${prefix}:cache:purges`;
  const answers = async (key: string) => `${prefix}:cache:${(await hash(secret, key)).slice(0, 40)}`;

  async function lookCall(lookup: Lookup): Promise<ScriptCall> {
    const { key, selecting, owner, leaseMs, anew, inline, tags } = lookup;
    const args = [owner, String(leaseMs), anew ? "1" : "", inline === undefined ? "" : String(inline)];
    return {
      script: LOOK,
      keys: [await answers(key), purges],
      args: [...args, tags.join("\n"), ...selecting.flat()],
      // Without what is kept the call goes on all the same.
      optional: true,
    };
  }

  return {
    async look(lookup) {
      return { run, calls: [await lookCall(lookup)], read: ([reply]) => toReply(reply) };
    },
    async lookAgain(lookup) {
      const [reply] = await run([await lookCall(lookup)]);
      const read = toReply(reply);
      if (!read) throw new GatewayError("store_unavailable", { cause: "unexpected reply of the cache" });
      return read;
    },
    async body(key, variant, version) {
      const [body] = await run([{ script: BODY, keys: [await answers(key)], args: [variant, version] }]);
      return typeof body === "string" ? body : undefined;
    },
    async keep(keeping) {
      const [kept] = await run([
        { script: KEEP, keys: [await answers(keeping.key), purges], args: argsOf(keeping) },
      ]);
      return Number(kept) === 1;
    },
    async renew(key, variant, owner, leaseMs) {
      const args = [variant, owner, String(leaseMs), "0"];
      await run([{ script: LEASE, keys: [await answers(key)], args }]);
    },
    async release(key, variant, owner, aloneMs) {
      const args = [variant, owner, "0", String(aloneMs)];
      await run([{ script: LEASE, keys: [await answers(key)], args }]);
    },
    async purge({ keys, tags }: Purge) {
      const calls = await Promise.all(
        keys.map(async (key) => ({ script: PURGE_KEY, keys: [await answers(key)], args: [] })),
      );
      await run(tags.length > 0 ? [...calls, { script: PURGE_TAGS, keys: [purges], args: tags }] : calls);
    },
  };
}

function argsOf(keeping: Keeping): string[] {
  const { owner, variant, since, freshMs, keepMs, version, entry, body, was, vary, tags } = keeping;
  return [
    owner,
    variant,
    ...[since, freshMs, keepMs].map((ms) => String(Math.round(ms))),
    version,
    JSON.stringify(entry),
    body === undefined ? `=${was}` : `+${body}`,
    vary.join("\n"),
    tags.join("\n"),
    ...keeping.selecting.flat(),
  ];
}

/** Undefined when the store could not say. */
function toReply(reply: unknown): Reply | undefined {
  const looked = Looked.safeParse(reply);
  if (!looked.success) return undefined;
  const [variant, time, turn, left, meta, entry, body] = looked.data;
  const now = Number(time);
  return {
    variant,
    now,
    kept: meta === "" ? undefined : toKept(meta, entry, body, now),
    turn: turn === "follow" ? { kind: turn, waitMs: Number(left) } : { kind: turn },
  };
}

function toKept(meta: string, entry: string, body: string, now: number): Kept | undefined {
  const [since, , , version = "", ...tags] = meta.split("\n");
  try {
    const read = StoredEntry.parse(JSON.parse(entry));
    const leftOut = body === "" && read.size > 0;
    return { entry: read, body: leftOut ? undefined : body, version, tags, ageMs: now - Number(since) };
  } catch {
    return undefined;
  }
}
