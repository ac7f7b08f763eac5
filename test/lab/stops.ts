/**
 * Places on the way of a paid call where a test can hold it: at the store's bridge, in front of the facilitator, in the
 * upstream. `received`: the request is there and nothing is done; `done`: everything is, and the reply is withheld.
 */
import type { Intercept } from "../../src/bridge/intercept.ts";

type Write =
  | "claim"
  | "due"
  | "settled"
  | "delivered"
  | "abandoned"
  | "unknown"
  | "failed"
  | "broken"
  | "renewed";

/** A place to be held at; `upstream:half` is in the middle of the answer's body. */
export type Stop =
  | `${Write | "verify" | "settle"}:${"received" | "done"}`
  | "upstream:received"
  | "upstream:half";

/** How somebody who was held goes on: the connection is cut, or everything takes its course. */
export type Release = "cut" | "go";

/** Holds passers-by. */
export type Stops = {
  /** Holds the next one at this place; resolves when somebody is there. */
  hold: (stop: Stop) => Promise<void>;
  /** Lets those at this place go, or everybody, and holds nobody there any more. */
  release: (how: Release, stop?: Stop) => void;
  /** Called by the parts when they get there. */
  pass: (stop: Stop) => Promise<Release>;
};

/** Nobody is held until told. */
export function createStops(): Stops {
  const held = new Map<Stop, { arrive: () => void; go: Promise<Release> }>();
  const releases: { stop: Stop; resolve: (how: Release) => void }[] = [];
  return {
    hold(stop) {
      const go = new Promise<Release>((resolve) => releases.push({ stop, resolve }));
      return new Promise((arrive) => held.set(stop, { arrive, go }));
    },
    release(how, only) {
      for (const waiting of [...releases]) {
        if (only !== undefined && waiting.stop !== only) continue;
        held.delete(waiting.stop);
        releases.splice(releases.indexOf(waiting), 1);
        waiting.resolve(how);
      }
    },
    async pass(stop) {
      const found = held.get(stop);
      if (!found) return "go";
      held.delete(stop);
      found.arrive();
      return found.go;
    },
  };
}

/** The stops at the store: each of the gateway's scripts is one, by what it writes. */
export function stopsAtStore(stops: Stops, inner: Intercept): Intercept {
  return async (request, next) => {
    const write = writeOf(request.commands[0] ?? []);
    if (!write) return next();
    if ((await stops.pass(`${write}:received`)) === "cut") return undefined;
    const answer = await inner(request, next);
    return (await stops.pass(`${write}:done`)) === "cut" ? undefined : answer;
  };
}

const CHANGES: readonly string[] = [
  "due",
  "settled",
  "delivered",
  "abandoned",
  "unknown",
  "failed",
  "broken",
  "renewed",
] satisfies Write[];

/** What a script is about: the second argument of a change names it, that of a claim is a random owner. */
export function writeOf([name = "", , keys = "0", ...rest]: readonly string[]): Write | undefined {
  if (!/^EVAL/i.test(name)) return undefined;
  const change = rest[Number(keys) + 1] ?? "";
  return CHANGES.includes(change) ? (change as Write) : "claim";
}
