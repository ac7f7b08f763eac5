/**
 * Faults and counters for a bridge under test: `startRedis({ intercept: faults.intercept })`.
 *
 * `faults.set("hang")` breaks every request until `clear()`; `{ times: 1 }` only the next one, `{ when }` only
 * those it picks. The counters see every request that passed the token check, the broken ones too, so a test can
 * say "one HTTP request per paid call". Latency is apart from the faults and adds to them.
 *
 * What a gateway writes of its own statistics, it writes when no call waits for it, up to a second late, whatever the test
 * is at by then. So that is counted apart, and is hit only by a fault that asks for it. After `disown()`, what the calls
 * seen before still ask is not counted and never hit: each names itself by a UUID of its own in all that it asks.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, BridgeRequest, Intercept } from "../src/bridge/intercept.ts";
import { createOwners } from "./owners.ts";

type Next = Parameters<Intercept>[1];

const FAULTS = {
  /** Never answers, and does nothing. */
  hang: (request) => hang(request),
  /** Does everything, then never answers. */
  "hang-after": async (request, next) => {
    await next();
    return hang(request);
  },
  /** Cuts the connection before anything happened. */
  "drop-before": async () => undefined,
  /** Cuts the connection after everything happened: the caller cannot tell it from `drop-before`. */
  "drop-after": async (_request, next) => {
    await next();
    return undefined;
  },
  "error-500": async () => failure(500, "ERR internal error"),
  "error-429": async () => failure(429, "ERR max requests limit exceeded"),
  "error-401": async () => failure(401, "WRONGPASS invalid or missing auth token"),
  /** A proxy's error page instead of JSON. */
  html: async () => ({ status: 502, body: "<html><body>502 Bad Gateway</body></html>" }),
  /** Status 200 and half a JSON document. */
  "not-json": async () => ({ status: 200, body: '[{"result":' }),
  /** Does everything, but the last slot of the answer is missing. */
  "short-array": async (_request, next) => shorten(await next()),
  /** Redis has lost its scripts just before the request. */
  "forget-scripts": async (_request, next) => {
    await next([["SCRIPT", "FLUSH"]]);
    return next();
  },
} satisfies Record<string, (request: BridgeRequest, next: Next) => Promise<Answer | undefined>>;

/** The name of something that can go wrong. */
export type Fault = keyof typeof FAULTS;

/** Which requests a fault hits; all of them unless told. */
export interface FaultScope {
  /** How many requests to break before healing. */
  times?: number;
  /** Breaks only the requests this picks. */
  when?: (request: BridgeRequest) => boolean;
}

/** One HTTP request the bridge has seen. */
export type SeenRequest = Pick<BridgeRequest, "endpoint" | "commands">;

/** Switches and counters of one bridge. */
export interface Faults {
  /** The option for the bridge. */
  intercept: Intercept;
  /** Breaks requests from now on; replaces the fault before. */
  set(fault: Fault, scope?: FaultScope): void;
  /** Holds every request back for this many milliseconds; 0 ends it. */
  setLatency(ms: number): void;
  /** Heals everything, latency included; the counters stay. */
  clear(): void;
  /** HTTP requests since the last reset. */
  readonly requestCount: number;
  /** Commands in those requests, statistics apart. */
  readonly commandCount: number;
  /** Those requests, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Those that wrote statistics and nothing else; in none of the others. */
  readonly statistics: readonly SeenRequest[];
  /** Sets the counters to zero; the faults stay. */
  resetCounters(): void;
  /** Whatever the calls seen so far ask from now on is no longer counted, and no longer broken. */
  disown(): void;
}

/** Switches for one bridge, all off. */
export function createFaults(): Faults {
  let fault: { kind: Fault; left: number; when: FaultScope["when"] } | undefined;
  let latencyMs = 0;
  const requests: SeenRequest[] = [];
  const statistics: SeenRequest[] = [];
  const calls = createOwners();
  const intercept: Intercept = async (request, next) => {
    const { endpoint, commands } = request;
    const earlier = calls.areEarlier(commands.flat().filter(isUuid));
    const statistic = commands.length > 0 && commands.every(isStatistics);
    if (statistic) statistics.push({ endpoint, commands });
    else if (!earlier) requests.push({ endpoint, commands });
    // Decided on arrival, so that latency cannot change which of two requests is hit.
    const hit = !earlier && (fault?.when ?? (() => !statistic))(request) ? fault : undefined;
    if (hit !== undefined) {
      hit.left -= 1;
      if (hit.left === 0) fault = undefined;
    }
    if (latencyMs > 0) await sleep(latencyMs);
    return hit === undefined ? next() : FAULTS[hit.kind](request, next);
  };
  return {
    intercept,
    set: (kind, { times = Number.POSITIVE_INFINITY, when } = {}) => {
      fault = { kind, left: times, when };
    },
    setLatency: (ms) => {
      latencyMs = ms;
    },
    clear: () => {
      fault = undefined;
      latencyMs = 0;
    },
    get requestCount() {
      return requests.length;
    },
    get commandCount() {
      const counted = requests.flatMap(({ commands }) =>
        commands.filter((command) => !isStatistics(command)),
      );
      return counted.length;
    },
    requests,
    statistics,
    resetCounters: () => {
      requests.length = 0;
      statistics.length = 0;
    },
    disown: calls.disown,
  };
}

function isUuid(word: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(word);
}

function isStatistics(command: readonly unknown[]): boolean {
  return command.some((word) => typeof word === "string" && word.includes(":stats:write:"));
}

function hang(request: BridgeRequest): Promise<undefined> {
  return new Promise((resolve) => {
    if (request.signal.aborted) return resolve(undefined);
    request.signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function failure(status: number, error: string): Answer {
  return { status, body: JSON.stringify({ error }) };
}

function shorten(answer: Answer): Answer {
  const slots: unknown = JSON.parse(answer.body);
  return Array.isArray(slots) ? { ...answer, body: JSON.stringify(slots.slice(0, -1)) } : answer;
}
