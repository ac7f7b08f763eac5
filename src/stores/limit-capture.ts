/** The way to make the rate limit library say what it would do, without doing it. */
import type { Ratelimit } from "@upstash/ratelimit";
import { digest } from "../core/hash.ts";
import type { ScriptCall } from "../core/stores.ts";

/** One of the library's algorithms. */
export type Counting = ReturnType<ReturnType<typeof Ratelimit.slidingWindow>>;
type LibraryRedis = Parameters<Counting["limit"]>[0]["redis"];

/** Something to hand to the library in place of a Redis: notes the one script it wants to run, and waits. */
export function capture(texts: Map<string, string>) {
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
