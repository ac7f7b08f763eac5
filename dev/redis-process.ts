import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

/** A `redis-server` of our own, on 127.0.0.1, that keeps nothing on disk. */
export interface RedisProcess {
  port: number;
  /** Kills the server and waits until it is gone, its port free again. */
  close(): Promise<void>;
}

/** The path of the installed `redis-server`, if any. */
export function findRedisServer(): string | undefined {
  const path: string = process.env.PATH ?? "";
  return path
    .split(delimiter)
    .map((dir) => join(dir, "redis-server"))
    .find(isExecutable);
}

/**
 * Starts a `redis-server` on the port, or on a free one. Rejects with the server's own output when it does not come
 * up. It ends with this process however that ends, because the pipe it hangs on then closes.
 */
export async function startRedisProcess(binary: string, port?: number): Promise<RedisProcess> {
  let lastError: unknown;
  // A free port can be taken by somebody else before the server opens it.
  for (let attempt = 0; attempt < (port === undefined ? 3 : 1); attempt += 1) {
    const chosen = port ?? (await findFreePort());
    const child = spawnWatched(binary, chosen);
    try {
      await untilReady(child);
      return { port: chosen, close: () => stop(child) };
    } catch (error) {
      lastError = error;
      await stop(child);
    }
  }
  throw lastError;
}

// The shell kills the server when its stdin closes, which also happens when this process is killed outright. It
// gives up its own stdout so that the end of the output means the end of the server.
const WATCH = '"$@" & pid=$!; exec >/dev/null 2>&1; cat; kill -9 $pid; wait $pid';

function spawnWatched(binary: string, port: number): ChildProcess {
  const place = ["--bind", "127.0.0.1", "--port", String(port)];
  // A dump file of another Redis in the working directory must not be loaded.
  const memoryOnly = ["--save", "", "--appendonly", "no", "--dbfilename", "tollbooth-never-written.rdb"];
  const child = spawn("/bin/sh", ["-c", WATCH, "sh", binary, ...place, ...memoryOnly], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // Closing the pipe of a shell that is already gone is no error.
  child.stdin?.on("error", () => {});
  return child;
}

function untilReady(child: ChildProcess): Promise<void> {
  const { stdout } = child;
  if (stdout === null) throw new Error("redis-server has no output");
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes("Ready to accept connections")) return;
      stdout.off("data", read);
      // Read on, or a talkative server would stop at a full pipe.
      stdout.resume();
      resolve();
    };
    stdout.on("data", read);
    stdout.once("end", () => reject(new Error(`redis-server did not start:\n${output.slice(-500)}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.stdin?.end();
  await exit;
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
