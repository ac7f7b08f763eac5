/** `tollbooth doctor`: asks everything that the configuration names whether it would serve. */
import type { Command } from "commander";
import type { Compiled, FacilitatorMap } from "../core/compiled.ts";
import { coversNetwork } from "../core/networks.ts";
import { nameOf, type Sold, soldByFacilitator } from "../core/sold.ts";
import type { Upstream } from "../core/upstream.ts";
import { connectionsOf, readCompiled } from "./compiled.ts";
import { type ConfigOptions, configured } from "./config-file.ts";
import { type Check, checkStore } from "./doctor-store.ts";
import { paint, printJson, withProgress } from "./terminal.ts";

type Options = ConfigOptions & { json?: boolean };
type Kind = { scheme?: unknown; network?: unknown };

/** Nobody waits longer for a diagnosis than this, whatever the configuration allows a call. */
const PATIENCE_MS = 10_000;

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;

/** The command; exits 1 when a check fails. */
export function doctorCommand(): Command {
  return configured("doctor")
    .description("check the stores, the facilitators and the upstreams that the configuration names")
    .option("--json", "print { healthy, checks } as JSON")
    .addHelpText("after", "\nExample:\n  tollbooth doctor --env-file .env.production")
    .action(async (options: Options) => {
      const compiled = await readCompiled(options);
      const checks = await withProgress("asking …", () => diagnose(compiled));
      const healthy = checks.every(({ status }) => status !== "fail");
      if (options.json) printJson({ healthy, checks });
      else console.log(render(checks));
      if (!healthy) process.exitCode = 1;
    });
}

/** All checks; those of different targets run side by side. */
export async function diagnose(compiled: Compiled): Promise<Check[]> {
  const upstreams = new Map(compiled.routes.map(({ upstream }) => [upstream.name, upstream]));
  const found = await Promise.all([
    ...connectionsOf(compiled).map(checkStore),
    ...soldByFacilitator(compiled).map(([url, sold]) => checkFacilitator(url, sold, compiled.facilitator)),
    ...[...upstreams.values()].map(checkUpstream),
  ]);
  return found.flat();
}

/** One line per check, the hint of what is not ok under it. */
function render(checks: Check[]): string {
  const lines = checks.map(({ status, target, check, detail, hint }) => {
    const line = `${paint(COLOURS[status], status.padEnd(4))}  ${target}  ${check}: ${detail}`;
    return hint === undefined ? line : `${line}\n      → ${hint}`;
  });
  const count = (wanted: Check["status"]) => checks.filter(({ status }) => status === wanted).length;
  return [...lines, `${count("ok")} ok, ${count("warn")} warn, ${count("fail")} fail`].join("\n");
}

async function checkFacilitator(url: string, sold: Sold[], { timeoutMs }: FacilitatorMap): Promise<Check[]> {
  const target = `facilitator ${url}`;
  const reply = await get(`${url}/supported`, "GET", timeoutMs);
  if ("problem" in reply) {
    const hint = "payments cannot be settled until it answers; check its URL, or name another";
    return [{ target, check: "reachable", status: "fail", detail: reply.problem, hint }];
  }
  const reached: Check = { target, check: "reachable", status: "ok", detail: `answers ${reply.status}` };
  if (reply.status >= 500) {
    const hint = "it has a fault of its own: ask whoever runs it, or name another";
    return [{ ...reached, status: "fail", hint }];
  }
  const kinds = reply.status === 200 ? kindsOf(reply.text) : undefined;
  if (kinds === undefined) {
    const hint = "GET /supported should list what it settles; check the path in the URL";
    return [{ ...reached, status: "warn", detail: `answers ${reply.status}, without a list of kinds`, hint }];
  }
  return [reached, ...sold.map((kind) => checkKind(target, kind, kinds))];
}

function checkKind(target: string, { scheme, network }: Sold, kinds: Kind[]): Check {
  const listed = kinds.some((kind) => kind.scheme === scheme && coversNetwork(String(kind.network), network));
  const check = nameOf({ scheme, network });
  if (listed) return { target, check, status: "ok", detail: "listed" };
  const hint = `it may refuse every payment there; name one that settles it: facilitator.chains["${network}"]`;
  return { target, check, status: "warn", detail: "not listed by /supported", hint };
}

function kindsOf(text: string): Kind[] | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const kinds: unknown =
      typeof body === "object" && body !== null && "kinds" in body ? body.kinds : undefined;
    if (!Array.isArray(kinds)) return undefined;
    return kinds.filter((kind: unknown): kind is Kind => typeof kind === "object" && kind !== null);
  } catch {
    return undefined;
  }
}

async function checkUpstream({ name, targets, timeoutMs }: Upstream): Promise<Check[]> {
  const checks = targets.map(async ({ base, service }): Promise<Check> => {
    const target = `upstream ${name}${targets.length > 1 ? ` ${base.href}` : ""}`;
    const common = { target, check: "reachable" };
    if (service)
      return { ...common, status: "warn", detail: "a service binding: only the platform can ask it" };
    // Without its headers: that it answers at all is the question, and a key should not travel for it.
    const reply = await get(base.href, "HEAD", timeoutMs);
    if (!("problem" in reply))
      return { ...common, status: "ok", detail: `${base.origin} answers ${reply.status}` };
    const hint = "its routes answer 502 or 504 until it does; from the gateway's network it may be otherwise";
    return { ...common, status: "fail", detail: `${base.origin}: ${reply.problem}`, hint };
  });
  return Promise.all(checks);
}

type Answer = { status: number; text: string } | { problem: string };

async function get(url: string, method: "GET" | "HEAD", timeoutMs: number): Promise<Answer> {
  const patience = Math.min(timeoutMs, PATIENCE_MS);
  try {
    const response = await fetch(url, { method, redirect: "manual", signal: AbortSignal.timeout(patience) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (!(error instanceof Error)) return { problem: String(error) };
    if (error.name === "TimeoutError") return { problem: `no answer within ${patience} ms` };
    return { problem: error.cause instanceof Error ? error.cause.message || error.message : error.message };
  }
}
