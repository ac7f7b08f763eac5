/**
 * The store: Upstash Redis over HTTP. The SDK is used for its wire protocol with everything off that guesses: no
 * auto-pipelining (it can hand one caller another caller's value), no retries (they repeat what may have happened), no
 * deserialisation (it loses digits), and a timeout that throws. What the rooms ask in one step leaves as one
 * `/pipeline` request.
 */
import { Redis } from "@upstash/redis/cloudflare";
import type { RedisConnection } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import { digest } from "../core/hash.ts";
import type { RunScripts, ScriptCall } from "../core/stores.ts";

type Reply = { result?: unknown; error?: string | undefined };

/** Hears how a request to a store went, and how long that took, ms. */
export type Note = (ms: number, outcome: "ok" | "failed" | "timeout") => void;

/** A connection; makes no request until it is used. Tells `note` how each request went. */
export function connect({ url, token, timeoutMs }: RedisConnection, note?: Note): RunScripts {
  const redis = new Redis({
    url,
    token,
    enableAutoPipelining: false,
    enableTelemetry: false,
    automaticDeserialization: false,
    readYourWrites: false,
    // All that is stored is text: encoding it once more would cost a third of the bytes, and the time to undo it.
    responseEncoding: false,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(timeoutMs),
  });
  /** Scripts this isolate has sent in full; the server knows them until it is restarted. */
  const sent = new Map<string, string>();

  async function request(calls: ScriptCall[], full: boolean): Promise<Reply[]> {
    const pipeline = redis.pipeline();
    for (const { script, keys, args } of calls) {
      const sha = full ? undefined : sent.get(script);
      if (sha) pipeline.evalsha(sha, keys, args);
      else pipeline.eval(script, keys, args);
    }
    const began = Date.now();
    try {
      const replies: Reply[] = await pipeline.exec({ keepErrors: true });
      note?.(Date.now() - began, "ok");
      return replies;
    } catch (error) {
      note?.(Date.now() - began, isTimeout(error) ? "timeout" : "failed");
      throw error;
    }
  }

  return async function run(calls) {
    try {
      const replies = await request(calls, false);
      const missing = [...replies.keys()].filter((i) => replies[i]?.error?.includes("NOSCRIPT"));
      if (missing.length > 0) {
        const again = await request(pick(calls, missing), true);
        for (const [n, i] of missing.entries()) replies[i] = again[n] ?? { error: "short reply" };
      }
      const failed = replies.find(({ error }, i) => error !== undefined && !calls[i]?.optional);
      if (failed || replies.length !== calls.length) throw new Error(failed?.error ?? "short reply");
      for (const { script } of calls) sent.set(script, sent.get(script) ?? (await digest("SHA-1", script)));
      return replies.map(({ result }) => result);
    } catch (error) {
      throw new GatewayError("store_unavailable", {
        headers: { "retry-after": "1" },
        late: isTimeout(error),
        cause: withoutCommand(error),
      });
    }
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function pick<T>(items: T[], indexes: number[]): T[] {
  return items.filter((_, i) => indexes.includes(i));
}

/** The SDK puts whole commands, keys and tokens included, into its messages; the log must not have them. */
function withoutCommand(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split(", command was:")[0]?.slice(0, 300) ?? "";
}
