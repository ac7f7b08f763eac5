/**
 * Rate limits (`docs/storage.md`): `{prefix}:rl:{scope}:{client}`. The algorithms are those of @upstash/ratelimit, with
 * its client, its cache and its fail-open timeout left out: the library is handed something that looks like a Redis
 * and only notes which script it wants to run, so that the script can leave with the rest of what the call asks.
 */
import { Ratelimit } from "@upstash/ratelimit";
import { GatewayError } from "../core/errors.ts";
import { digest, hash } from "../core/hash.ts";
import type { RateLimit } from "../core/limit.ts";
import type { Allowance, Limiter, RunScripts, ScriptCall } from "../core/stores.ts";
import { BANNED, onlyUnpresented, STRIKE } from "./limit-scripts.ts";

type Counting = ReturnType<ReturnType<typeof Ratelimit.slidingWindow>>;
type LibraryRedis = Parameters<Counting["limit"]>[0]["redis"];

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

  async function keyOf(scope: string, client: string): Promise<string> {
    const id = await hash(secret, client);
    return `${prefix}:rl:${scope}:${id.slice(0, 32)}`;
  }

  return {
    async count(limit, scope, client, spend) {
      const key = await keyOf(scope, client);
      const counting = countings.get(limit) ?? algorithmOf(limit);
      countings.set(limit, counting);
      const { redis, wanted, answer } = capture(texts);
      const counted = counting.limit({ redis, prefix }, key);
      const asked = await Promise.race([
        wanted,
        counted.then(() => Promise.reject(new Error("asked nothing"))),
      ]);
      const call = spend && recordKey ? guarded(asked, recordKey(spend)) : asked;
      const { ban } = limit;
      const calls = ban
        ? [call, { script: BANNED, keys: [`${key}:ban`], args: [String(ban.after)] }]
        : [call];
      return {
        run,
        calls,
        async read([reply, banned = 0]) {
          if (reply === null)
            return Number(banned) > 0 ? toAllowance(false, 0, 0, Number(banned)) : undefined;
          answer(reply);
          const { success, remaining, reset } = await counted;
          return toAllowance(success, remaining, reset - Date.now(), Number(banned));
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

function guarded({ script, keys, args }: ScriptCall, record: string): ScriptCall {
  return { script: onlyUnpresented(script), keys: [...keys, record], args };
}

function toAllowance(success: boolean, remaining: number, resetMs: number, bannedMs: number): Allowance {
  if (![remaining, resetMs, bannedMs].every(Number.isFinite)) {
    throw new GatewayError("store_unavailable", { cause: "unexpected reply of a rate limit" });
  }
  const banned = bannedMs > 0;
  return {
    allowed: success && !banned,
    remaining: banned ? 0 : remaining,
    resetMs: banned ? bannedMs : Math.max(0, resetMs),
    banned,
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

/** Something to hand to the library in place of a Redis: notes the one script it wants to run, and waits. */
function capture(texts: Map<string, string>) {
  let answer: (reply: unknown) => void = () => undefined;
  let want: (call: ScriptCall) => void = () => undefined;
  const wanted = new Promise<ScriptCall>((resolve) => {
    want = resolve;
  });
  const reply = new Promise<unknown>((resolve) => {
    answer = resolve;
  });
  const submit = (script: string, keys: string[], args: unknown[]) => {
    want({ script, keys, args: args.map(String) });
    return reply;
  };
  const redis = {
    evalsha(sha: string, keys: string[], args: unknown[]) {
      const script = texts.get(sha);
      return script === undefined ? Promise.reject(new Error("NOSCRIPT")) : submit(script, keys, args);
    },
    async eval(script: string, keys: string[], args: unknown[]) {
      texts.set(await digest("SHA-1", script), script);
      return submit(script, keys, args);
    },
  };
  return { redis: redis as unknown as LibraryRedis, wanted, answer };
}
