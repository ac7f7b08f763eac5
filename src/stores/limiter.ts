/**
 * Rate limits (`docs/storage.md`): `{prefix}:rl:{scope}:{client}`. The algorithms are those of @upstash/ratelimit, with
 * its client, its cache and its fail-open timeout left out: the library is handed something that looks like a Redis
 * and only notes which script it wants to run, so that the script can leave with the rest of what the call asks.
 */
import { Ratelimit } from "@upstash/ratelimit";
import * as z from "zod/mini";
import { GatewayError } from "../core/errors.ts";
import { keyedHash } from "../core/hash.ts";
import type { RateLimit } from "../core/limit.ts";
import type { Allowance, Limiter, RunScripts, ScriptCall } from "../core/stores.ts";
import { type Counting, capture } from "./limit-capture.ts";
import { BANNED, forOneOfTwo, STRIKE } from "./limit-scripts.ts";

/** What the scripts for one of two clients answer. */
const Either = z.tuple([z.number(), z.unknown()]);

/** How keys are named. */
export type LimiterOptions = {
  prefix: string;
  /** Keeps the hashes in the keys from being guessed back into addresses. */
  secret: string;
  /** Key of a payment's record, if those are kept behind the same connection. */
  recordKey?: ((spend: string) => string) | undefined;
};

/** Counters behind a connection. */
export function limiter(run: RunScripts, { prefix, secret, recordKey }: LimiterOptions): Limiter {
  /** The library names its scripts by their SHA-1 and gives the text only when asked. */
  const texts = new Map<string, string>();
  const countings = new WeakMap<RateLimit, Counting>();
  /** Scripts by those that they were made of. */
  const eithers = new Map<string, string>();

  async function keyOf(scope: string, client: string): Promise<string> {
    return `${prefix}:rl:${scope}:${await keyedHash(secret, client)}`;
  }

  /** The call as it is for a payment that is new, and for the other client where it is not. */
  function eitherOf(
    { script, keys, args }: ScriptCall,
    { one, other, record }: { one: string; other: string; record: string },
  ): ScriptCall {
    const others = keys.map((key) => other + key.slice(one.length));
    const either = eithers.get(script) ?? forOneOfTwo(script);
    eithers.set(script, either);
    return { script: either, keys: [...keys, ...others, record], args };
  }

  async function ask(limit: RateLimit, key: string) {
    const counting = countings.get(limit) ?? algorithmOf(limit);
    countings.set(limit, counting);
    const { redis, wanted, answer } = capture(texts);
    const counted = counting.limit({ redis, prefix }, key);
    const silent = counted.then(() => Promise.reject(new Error("the library asked nothing")));
    return { call: await Promise.race([wanted, silent]), counted, answer };
  }

  return {
    async count(limit, scope, client, otherwise) {
      const key = await keyOf(scope, client);
      const { call, counted, answer } = await ask(limit, key);
      const { ban } = limit;
      const calls = [call];
      if (ban) calls.push({ script: BANNED, keys: [`${key}:ban`], args: [String(ban.after)] });
      const conclude = async (reply: unknown, banned: unknown, who: string): Promise<Allowance> => {
        answer(reply);
        const { success, remaining, reset } = await counted;
        return toAllowance(success, remaining, reset - Date.now(), Number(banned), who);
      };
      if (!otherwise || !recordKey) {
        return { run, calls, read: ([reply, banned = 0]) => conclude(reply, banned, client) };
      }
      const keys = {
        one: key,
        other: await keyOf(scope, otherwise.client),
        record: recordKey(otherwise.spend),
      };
      return {
        run,
        calls: calls.map((asked) => eitherOf(asked, keys)),
        read(replies) {
          const [known, reply] = Either.parse(replies[0]);
          const [, banned] = ban ? Either.parse(replies[1]) : [0, 0];
          return conclude(reply, banned, known === 1 ? otherwise.client : client);
        },
      };
    },
    async strike({ ban }, scope, client) {
      if (!ban) return;
      const args = [ban.after, ban.withinMs, ban.forMs].map(String);
      await run([{ script: STRIKE, keys: [`${await keyOf(scope, client)}:ban`], args }]);
    },
  };
}

function toAllowance(
  success: boolean,
  remaining: number,
  resetMs: number,
  bannedMs: number,
  client: string,
): Allowance {
  if (![remaining, resetMs, bannedMs].every(Number.isFinite)) {
    throw new GatewayError("store_unavailable", { cause: "unexpected reply of a rate limit" });
  }
  const banned = bannedMs > 0;
  return {
    allowed: success && !banned,
    remaining: banned ? 0 : remaining,
    resetMs: banned ? bannedMs : Math.max(0, resetMs),
    banned,
    client,
  };
}

function algorithmOf({ algorithm, requests, windowMs, burst }: RateLimit): Counting {
  switch (algorithm) {
    case "sliding-window":
      return Ratelimit.slidingWindow(requests, `${windowMs} ms`)();
    case "fixed-window":
      return Ratelimit.fixedWindow(requests, `${windowMs} ms`)();
    case "token-bucket": {
      // As many small refills as the window divides into: a bucket drips, it is not emptied over the client's head.
      const drips = greatestCommonDivisor(requests, windowMs);
      return Ratelimit.tokenBucket(requests / drips, `${windowMs / drips} ms`, burst)();
    }
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
