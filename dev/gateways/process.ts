/** A gateway as a process of its own: started, waited for, killed. */
import { type ChildProcess, spawn } from "node:child_process";

/** A running gateway. */
export type Gateway = {
  url: string;
  pid: number;
  /** What it has printed so far. */
  log: () => string;
  /** Ends it; resolves when the process is gone. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
};

/** Resident memory of a process, bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const [, pages = "0"] = (await readFile(`/proc/${pid}/statm`, "utf8")).split(" ");
  return Number(pages) * 4096;
}

/**
 * Starts a program and waits until `ready` finds a port in what it says.
 * @throws with its output when it ends first
 */
export async function startProcess(
  command: string,
  args: string[],
  env: Record<string, string | undefined>,
  ready: { fd: 1 | 3; port: (output: string) => number | undefined },
): Promise<Gateway> {
  const child: ChildProcess = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const killWithParent = () => child.kill("SIGKILL");
  process.once("exit", killWithParent);
  let output = "";
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      process.off("exit", killWithParent);
      resolve();
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    for (const fd of [1, 2, 3] as const) {
      let text = "";
      child.stdio[fd]?.on("data", (chunk) => {
        text += chunk;
        if (fd !== 3) output += chunk;
        const found = fd === ready.fd ? ready.port(text) : undefined;
        if (found !== undefined) resolve(found);
      });
    }
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code}:\n${output}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    log: () => output,
    async stop(signal = "SIGKILL") {
      child.kill(signal);
      await exited;
    },
  };
}
