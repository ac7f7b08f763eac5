/** One burst of load from wrk, a process of its own, and what it cost the worker. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { PaymentPool } from "./payments.ts";
import { cpuMicroseconds } from "./workerd.ts";

/** One round of one variant; times in microseconds. */
export type Round = { rps: number; p50: number; p99: number; cpu: number };

/** What to load. */
export type Target = {
  name: string;
  url: string;
  pid: number;
  status: number;
  pool: PaymentPool | undefined;
};

type Output = {
  requests: number;
  microseconds: number;
  p50: number;
  p99: number;
  refused: number;
  broken: number;
  used: number;
  dry: number;
};

/** As many as one busy caller has open; enough that the worker is never idle. */
const CONNECTIONS = 16;
/** Record writes go out behind the answers: their time belongs to the calls. */
const SETTLE_MS = 300;
/** Payments per second to have ready before a target's rate is known, and then in proportion to it. */
const FIRST_GUESS = 1500;
const RESERVE = 1.4;

const run = promisify(execFile);

/** Loads targets one at a time and learns how many payments a round of each takes. */
export class Loader {
  readonly #fastest = new Map<string, number>();

  /** One burst of whole seconds. @throws when an answer was not the expected one */
  async burst(target: Target, seconds: number): Promise<Round> {
    for (;;) {
      const known = this.#fastest.get(target.name) ?? 0;
      const perSecond = known > 0 ? known * RESERVE : FIRST_GUESS;
      const { output, cpu } = await wrk(target, seconds, Math.ceil(perSecond * seconds));
      const rps = output.requests / (output.microseconds / 1e6);
      // Calls without a payment are answered faster: such a round says nothing but that more payments are needed.
      this.#fastest.set(target.name, output.dry > 0 ? perSecond : Math.max(known, rps));
      if (output.dry > 0) continue;
      check(target, output);
      return { rps, p50: output.p50, p99: output.p99, cpu: cpu / output.requests };
    }
  }
}

async function wrk({ url, pid, pool }: Target, seconds: number, payments: number) {
  const folder = await mkdtemp(join(tmpdir(), "tollbooth-payments-"));
  try {
    const file = join(folder, "payments");
    if (pool) await pool.write(file, payments);
    const script = join(import.meta.dirname, "wrk.lua");
    const args = [
      "-t1",
      `-c${CONNECTIONS}`,
      `-d${seconds}s`,
      "-s",
      script,
      url,
      ...(pool ? ["--", file] : []),
    ];
    const before = await cpuMicroseconds(pid);
    const { stdout } = await run("wrk", args);
    const output = parse(stdout);
    pool?.drop(output.used);
    await sleep(SETTLE_MS);
    return { output, cpu: (await cpuMicroseconds(pid)) - before };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parse(stdout: string): Output {
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  if (!line) throw new Error(`wrk said nothing:\n${stdout}`);
  return JSON.parse(line);
}

function check({ name, status }: Target, { requests, refused, broken }: Output): void {
  const expected = status >= 400 ? requests : 0;
  if (refused !== expected || broken > 0 || requests === 0)
    throw new Error(`${name}: of ${requests} answers ${refused} were refusals, ${broken} connections broke`);
}
