import { Redis } from "@upstash/redis/cloudflare";
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { createFaults } from "../../dev/faults.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { findRedisServer } from "../../dev/redis-process.ts";

export type BackendName = "real" | "embedded";

/** In CI a missing redis-server must fail the suite; elsewhere the embedded Redis alone may do. */
export const BACKENDS: BackendName[] =
  findRedisServer() === undefined && process.env.CI !== "true" ? ["embedded"] : ["real", "embedded"];

/** The client as the gateway sets it up. */
export function clientOf(redis: { url: string; token: string }, timeoutMs = 2000) {
  return new Redis({
    url: redis.url,
    token: redis.token,
    enableAutoPipelining: false,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(timeoutMs),
    automaticDeserialization: false,
    enableTelemetry: false,
  });
}

/** A raw request; `base64` asks for encoded replies. */
export function post(
  redis: { url: string; token: string },
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(redis.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${redis.token}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

export async function postJson(
  redis: { url: string; token: string },
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  return (await post(redis, path, body, headers)).json();
}

export interface Harness {
  redis: RunningRedis;
  faults: ReturnType<typeof createFaults>;
}

/** Runs the same suite against every backend, on an empty Redis with empty script cache before each test. */
export function describeBackends(
  name: string,
  options: { strict?: boolean },
  suite: (of: Harness) => void,
): void {
  describe.each(BACKENDS)(`${name} (%s)`, (prefer) => {
    const faults = createFaults();
    const harness = { faults } as Harness;
    beforeAll(async () => {
      harness.redis = await startRedis({ prefer, intercept: faults.intercept, ...options });
    });
    beforeEach(async () => {
      faults.clear();
      await postJson(harness.redis, "/pipeline", [["FLUSHALL"], ["SCRIPT", "FLUSH"]]);
      faults.resetCounters();
    });
    afterAll(() => harness.redis?.close());
    suite(harness);
  });
}
