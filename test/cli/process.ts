/** Runs a command as a terminal does, and waits for the line that says that it listens. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** How to start it. */
export interface CommandOptions {
  /** What the process sees besides PATH; nothing of the tests' own environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** The program and its first arguments; the command line of this repository unless told. */
  entry?: readonly string[];
}

/** A process that was started. */
export interface Running {
  child: ChildProcess;
  /** What it wrote so far. */
  output: { stdout: string; stderr: string };
  /** The port in the first line of its output; rejects when it ends without one. */
  port: Promise<number>;
  /** Its exit code. */
  exit: Promise<number | null>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
}

const started = new Set<ChildProcess>();

/** Starts `tollbooth` with the arguments. */
export function start(args: readonly string[], options: CommandOptions = {}): Running {
  const [program = "", ...first] = options.entry ?? [process.execPath, "src/cli/main.ts"];
  const child = spawn(program, [...first, ...args], {
    env: { PATH: process.env.PATH ?? "", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.add(child);
  const output = { stdout: "", stderr: "" };
  const exit = once(child, "close").then(([code]) => {
    started.delete(child);
    return code as number | null;
  });
  const port = new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output.stdout += chunk;
      const line = /^(\{.*"msg":"listening".*\})\n/.exec(output.stdout)?.[1];
      if (line !== undefined) resolve(JSON.parse(line).port);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output.stderr += chunk;
    });
    exit.then((code) => reject(new Error(`ended with ${code}: ${output.stderr}`)), reject);
  });
  // Who waits for the exit only does not look at the port.
  port.catch(() => {});
  const stop = () => {
    child.kill("SIGTERM");
    return exit;
  };
  return { child, output, port, exit, stop };
}

/** Ends what a failed test left behind. */
export function killAll(): void {
  for (const child of started) child.kill("SIGKILL");
}
