/** A bundled worker in raw workerd, and what it costs. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type Gateway, startProcess } from "../dev/gateways/process.ts";

/** Length of the kernel's clock tick, microseconds; Linux tells times of processes in hundredths of a second. */
const TICK_US = 10_000;

/** Starts a bundle; it takes requests when this resolves. Date and flags are those of `wrangler.toml` unless told. */
export async function startWorker(
  script: string,
  vars: Record<string, string>,
  flags?: string[],
): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), "tollbooth-bench-"));
  const config = join(folder, "config.capnp");
  await writeFile(config, await capnp(relative(folder, script), vars, flags));
  // The package's own bin is a Node wrapper, whose processor time would say nothing.
  const binary = createRequire(import.meta.url).resolve("@cloudflare/workerd-linux-64/bin/workerd");
  const args = ["serve", "--control-fd=3", config];
  const port = (output: string) => Number(/"socket":"http","port":(\d+)/.exec(output)?.[1]) || undefined;
  try {
    return await startProcess(binary, args, {}, { fd: 3, port });
  } finally {
    // Read at the start and never again.
    await rm(folder, { recursive: true, force: true });
  }
}

/** Processor time a process has used so far, user and system, microseconds. */
export async function cpuMicroseconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field is the name in parentheses and may hold spaces; the 14th and 15th are the times.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** As `cpuMicroseconds`, of all threads and to the nanosecond, as the scheduler counts; for what is shorter than a tick. */
export async function scheduledMicroseconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = threads.map(async (thread) => {
    const [ran = "0"] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")).split(" ");
    return Number(ran) / 1000;
  });
  return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
}

async function capnp(script: string, vars: Record<string, string>, flags?: string[]): Promise<string> {
  const q = JSON.stringify;
  const toml = await readFile("wrangler.toml", "utf8");
  const date = /^compatibility_date = "(.*)"/m.exec(toml)?.[1] ?? "";
  const ours: string[] = JSON.parse(/^compatibility_flags = (\[.*\])/m.exec(toml)?.[1] ?? "[]");
  const bindings = Object.entries(vars).map(([name, value]) => `(name = ${q(name)}, text = ${q(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "net", network = (allow = ["private"]))
  ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ]
);
const worker :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed ${q(script)}) ],
  compatibilityDate = ${q(date)},
  compatibilityFlags = [${(flags ?? ours).map((flag) => q(flag)).join(", ")}],
  bindings = [${bindings.join(", ")}],
  globalOutbound = "net"
);
`;
}
