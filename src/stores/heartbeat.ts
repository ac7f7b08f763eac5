/**
 * Whether the stores take writes, and which targets are out, for `/ready`: one request for each connection. What is written
 * is one key that ends by itself (`docs/storage.md`): a store that is full, or a replica, answers reads and refuses it.
 */

import { type Compiled, placeOf, type RedisConnection } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import type { Finding, Probe } from "../core/ready.ts";
import type { RunScripts, TargetHealth } from "../core/stores.ts";
import type { Upstream } from "../core/upstream.ts";
import { connect } from "./redis.ts";
import { targetHealth } from "./target-health.ts";

/** How long the key stays, ms. */
const STAYS_MS = 60_000;

/** KEYS: heartbeat. ARGV: how long it stays, ms. */
const BEAT = `#!lua flags=allow-key-locking
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1`;

/** What asks each connection once, and of which upstreams the answer tells. Makes no request yet. */
export function storeProbes(
  stores: Compiled["stores"],
  upstreams: Upstream[],
): { probes: Probe[]; watched: Upstream[] } {
  const { rateLimit } = stores;
  const watched = rateLimit ? upstreams.filter(({ health }) => health) : [];
  const probes = placesOf(stores).map(({ connection, names }) => {
    const run = connect(connection);
    const known = rateLimit && placeOf(rateLimit) === placeOf(connection) ? watched : [];
    const targets = targetHealth(run, rateLimit?.prefix ?? "");
    return () => beat(run, `${connection.prefix}:ready`, names.join(", "), known, targets);
  });
  return { probes, watched };
}

async function beat(
  run: RunScripts,
  key: string,
  name: string,
  watched: Upstream[],
  targets: TargetHealth,
): Promise<Finding[]> {
  const asked = watched.map((upstream) => ({ upstream, ...targets.out(upstream.name) }));
  const began = Date.now();
  try {
    const calls = [
      { script: BEAT, keys: [key], args: [String(STAYS_MS)] },
      ...asked.flatMap(({ calls }) => calls),
    ];
    const [, ...replies] = await run(calls);
    const store: Finding = { of: "store", name, condition: "ok", ms: Date.now() - began };
    const seen = asked.map(async ({ upstream, calls, read }) =>
      targetsOf(upstream, await read(replies.splice(0, calls.length))),
    );
    return [store, ...(await Promise.all(seen))];
  } catch (error) {
    const cause = error instanceof GatewayError ? error.details.cause : error;
    return [{ of: "store", name, condition: "down", ms: Date.now() - began, reason: String(cause) }];
  }
}

function targetsOf({ name, targets }: Upstream, out: ReadonlySet<string>): Finding {
  const gone = targets.filter(({ id }) => out.has(id)).length;
  if (gone === 0) return { of: "upstream", name, condition: "ok" };
  const condition = gone === targets.length ? "down" : "degraded";
  return { of: "upstream", name, condition, reason: `${gone} of ${targets.length} targets are out` };
}

/** The connections of a configuration, each once, with what is kept there. */
function placesOf(connections: Compiled["stores"]): { connection: RedisConnection; names: string[] }[] {
  const places = new Map<string, { connection: RedisConnection; names: string[] }>();
  for (const [name, connection] of Object.entries(connections)) {
    if (!connection) continue;
    const place = places.get(placeOf(connection)) ?? { connection, names: [] };
    place.names.push(name);
    places.set(placeOf(connection), place);
  }
  return [...places.values()];
}
