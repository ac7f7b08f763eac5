/** Real `redis-server` processes with a configuration of their own: TLS, replicas, Sentinels. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedisServer } from "../../dev/redis-process.ts";
import { connectTo } from "../../src/bridge/connect.ts";
import type { Reply } from "../../src/bridge/reply.ts";
import { type Command, createRespClient } from "../../src/bridge/resp.ts";

/** A server that was started. */
export interface Server {
  /** Kills it outright, as a crash would. */
  kill(): Promise<void>;
}

// The shell kills the server when its stdin closes, which also happens when the tests are killed outright.
const WATCH = '"$@" & pid=$!; exec >/dev/null 2>&1; cat; kill -9 $pid; wait $pid';

/** Starts one with the lines as its configuration file, in a folder of its own that holds the other files too. */
export async function startServer(
  lines: (folder: string) => string[],
  { sentinel = false, files = {} }: { sentinel?: boolean; files?: Record<string, string> } = {},
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "tollbooth-redis-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const path = join(folder, "redis.conf");
  const base = ["bind 127.0.0.1", `dir ${folder}`, ...(sentinel ? [] : ['save ""', "appendonly no"])];
  await writeFile(path, [...base, ...lines(folder), ""].join("\n"));
  const words = [findRedisServer() ?? "redis-server", path, ...(sentinel ? ["--sentinel"] : [])];
  const child = spawn("/bin/sh", ["-c", WATCH, "sh", ...words], { stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => {});
  const kill = async () => {
    const exit = once(child, "close");
    child.stdin.end();
    await exit;
    await rm(folder, { recursive: true, force: true });
  };
  const ready = sentinel ? "+monitor master" : "Ready to accept connections";
  let output = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += chunk;
    if (output.includes(ready)) {
      child.stdout.resume();
      return { kill };
    }
  }
  throw new Error(`redis-server did not start:\n${output.slice(-500)}`);
}

/** Asks a server directly. */
export async function ask(url: string, command: Command): Promise<Reply> {
  const client = createRespClient(connectTo(url), 1000);
  try {
    return (await client.send([command]))[0] ?? null;
  } finally {
    client.close();
  }
}

/** The reply as text, lists joined. */
export function text(reply: Reply): string {
  if (Array.isArray(reply)) return reply.map(text).join(" ");
  if (reply instanceof Error) return reply.message;
  return reply === null ? "" : Buffer.from(reply).toString();
}

/** Repeats until it holds; rejects after the time with what it last saw. */
export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
