/**
 * The store as its operator sees it, for `tollbooth doctor` and `tollbooth flush`: plain commands over the same HTTP
 * API that the gateway uses, with failures told apart. The gateway itself never comes here.
 */
import * as z from "zod/mini";
import type { RedisConnection } from "../core/compiled.ts";
import type { Counts } from "../core/series.ts";
import { dayKey, dayOf } from "./tally.ts";

/** A command without a result: nobody answered, the token is wrong, or the store said no. */
export class StoreFault extends Error {
  override name = "StoreFault";
  readonly kind: "unreachable" | "unauthorized" | "refused";

  constructor(kind: StoreFault["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What an operator asks of a store. All throw `StoreFault`. */
export type Admin = {
  /** Answers when the store does. */
  ping: () => Promise<void>;
  /** The store's clock, ms since 1970. */
  time: () => Promise<number>;
  /** `maxmemory-policy`; undefined when the service does not tell. */
  evictionPolicy: () => Promise<string | undefined>;
  /** What the gateways have counted under the prefix today and yesterday (UTC). */
  counts: (prefix: string) => Promise<Counts>;
  /** All fields of a hash, found by HSCAN. */
  fields: (key: string) => Promise<Record<string, string>>;
  /** Every key that begins so, found by SCAN; `found` hears how many there are so far. */
  keysUnder: (start: string, found?: (count: number) => void) => Promise<string[]>;
  /** Deletes these keys and says how many there were. */
  remove: (keys: string[]) => Promise<number>;
};

const Reply = z.object({ result: z.optional(z.unknown()), error: z.optional(z.string()) });
const Page = z.tuple([z.union([z.string(), z.number()]), z.array(z.string())]);
const Time = z.tuple([z.union([z.string(), z.number()]), z.union([z.string(), z.number()])]);

/** An operator's way to a store; makes no request until it is used. */
export function openAdmin(connection: RedisConnection): Admin {
  const run = (...words: string[]) => command(connection, words);
  async function fields(key: string): Promise<Record<string, string>> {
    const fields: Record<string, string> = {};
    let cursor = "0";
    do {
      const [next, page] = parse(Page, await run("HSCAN", key, cursor, "COUNT", "500"));
      for (let i = 0; i < page.length; i += 2) fields[page[i] ?? ""] = page[i + 1] ?? "";
      cursor = String(next);
    } while (cursor !== "0");
    return fields;
  }
  return {
    async ping() {
      await run("PING");
    },
    async time() {
      const [seconds, micros] = parse(Time, await run("TIME"));
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    },
    async evictionPolicy() {
      const info = await orNothing(run("INFO", "memory"));
      const told = typeof info === "string" && /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
      if (told) return told;
      const config = await orNothing(run("CONFIG", "GET", "maxmemory-policy"));
      return Array.isArray(config) && typeof config[1] === "string" ? config[1] : undefined;
    },
    async counts(prefix) {
      const total: Counts = new Map();
      for (const day of [dayOf(Date.now()), dayOf(Date.now() - 86_400_000)]) {
        const found = Object.entries(await fields(dayKey(prefix, day)));
        for (const [name, amount] of found) total.set(name, (total.get(name) ?? 0) + Number(amount));
      }
      return total;
    },
    fields,
    async keysUnder(start, found) {
      const keys = new Set<string>();
      let cursor = "0";
      do {
        const reply = await run("SCAN", cursor, "MATCH", `${start}*`, "COUNT", "1000");
        const [next, page] = parse(Page, reply);
        // A pattern is only a pattern: what is deleted is looked at once more.
        for (const key of page) if (key.startsWith(start)) keys.add(key);
        cursor = String(next);
        found?.(keys.size);
      } while (cursor !== "0");
      return [...keys];
    },
    async remove(keys) {
      return keys.length === 0 ? 0 : Number(await run("UNLINK", ...keys));
    },
  };
}

async function command({ url, token, timeoutMs }: RedisConnection, words: string[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(words),
    // A token goes where it was meant to go and nowhere else.
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw new StoreFault("unreachable", explain(error, timeoutMs));
  });
  const text = await response.text().catch(() => "");
  const { result, error } = parseReply(text) ?? { error: "no reply of a Redis REST API" };
  if (response.status === 401 || response.status === 403 || error?.startsWith("WRONGPASS")) {
    throw new StoreFault("unauthorized", `the token is not accepted (${response.status})`);
  }
  if (response.ok && error === undefined) return result;
  throw new StoreFault("refused", `${words[0]} was answered ${response.status}: ${error?.slice(0, 200)}`);
}

function parseReply(text: string): z.infer<typeof Reply> | undefined {
  try {
    return Reply.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function parse<T>(schema: z.ZodMiniType<T>, reply: unknown): T {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  throw new StoreFault("refused", "the reply has not the form that Redis gives it");
}

async function orNothing(reply: Promise<unknown>): Promise<unknown> {
  return reply.catch((error: unknown) => {
    if (!(error instanceof StoreFault && error.kind === "refused")) throw error;
  });
}

function explain(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const { cause } = error;
  return cause instanceof Error ? cause.message || error.message : error.message;
}
