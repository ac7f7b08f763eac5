/** Starts and ends anvil, the local chain's process. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

/** A running anvil. */
export interface Anvil {
  port: number;
  /** Ends the process and waits until it is gone; more calls are harmless. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** Path of the anvil binary: `ANVIL` if set, else the npm package's. @throws with what to do if there is none */
export function findAnvil(env: Record<string, string | undefined> = process.env): string {
  const path = env.ANVIL || packagedAnvil();
  if (path && existsSync(path)) return path;
  const reason = env.ANVIL
    ? `ANVIL names ${env.ANVIL}, and there is no such file.`
    : `The packaged anvil is for Linux x64 only; this is ${process.platform} ${process.arch}.`;
  throw new Error(
    `No anvil binary. ${reason} Install Foundry (https://getfoundry.sh) and set ANVIL to its path, e.g. ANVIL=~/.foundry/bin/anvil.`,
  );
}

function packagedAnvil(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  try {
    return createRequire(import.meta.url).resolve("@foundry-rs/anvil-linux-amd64/bin/anvil");
  } catch {
    return undefined;
  }
}

/** Starts anvil on the loopback address; port 0 lets the system choose one. */
export async function startAnvil(port: number, args: string[]): Promise<Anvil> {
  const path = findAnvil();
  const child = spawn(path, ["--host", HOST, "--port", String(port), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const guard = guardAgainstOrphan(child);
  const close = async () => {
    guard?.kill("SIGKILL");
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), 2000);
    await exited;
    clearTimeout(force);
  };
  try {
    return { port: await listening(child, port), close };
  } catch (error) {
    if (child.pid !== undefined) await close();
    throw error;
  }
}

/** The port anvil says it listens on. */
function listening(child: ChildProcess, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = /Listening on \S+:(\d+)/.exec(output);
      if (!found) return;
      child.stdout?.off("data", read).resume();
      resolve(Number(found[1]));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", (chunk) => {
      output = (output + chunk).slice(-4000);
    });
    child.once("error", (error) => reject(new Error(`anvil did not start: ${error.message}`)));
    child.once("close", (code) => {
      const busy = /address already in use/i.test(output);
      reject(
        new Error(
          busy
            ? `Port ${port} is busy: stop what listens on ${HOST}:${port}, or choose another port for the chain.`
            : `anvil ended with code ${code} before it listened: ${output.trim().slice(-500)}`,
        ),
      );
    });
  });
}

/**
 * A shell that waits for the end of its input, which comes when this process ends in whatever way, and then ends
 * anvil. Handlers in this process would miss a SIGKILL.
 */
function guardAgainstOrphan(child: ChildProcess): ChildProcess | undefined {
  if (child.pid === undefined || process.platform === "win32") return undefined;
  const guard = spawn("/bin/sh", ["-c", `read -r _; kill ${child.pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => {});
  guard.unref();
  // Not to leave it waiting for a process number that may be given to someone else.
  child.once("exit", () => guard.kill("SIGKILL"));
  return guard;
}
