/**
 * One request, observed: a sheet at its beginning, the rooms watched on its way, and when its answer begins, a line of the
 * log, the counts and `Server-Timing`. What takes time of its own (hashes, the store) is done behind the answer's back.
 */
import type { Arrival } from "../core/arrival.ts";
import type { GatewayError } from "../core/errors.ts";
import type { Clock, Emit } from "../core/events.ts";
import type { Tally } from "../core/metrics.ts";
import type { Observation, Observing } from "../core/observation.ts";
import type { Rooms } from "../core/rooms.ts";
import { traceOf } from "../core/trace.ts";
import { describe, isTold } from "./log.ts";
import { quietly } from "./quietly.ts";
import { countRequest, levelOf, lineOf, timingOf } from "./report.ts";
import { watch } from "./watch.ts";

/** What observing needs. */
export type Means = {
  observing: Observing;
  tally: Tally;
  /** Waits for a second, and writes what was counted. Never throws. */
  flush: () => Promise<void>;
  emit: Emit;
  clock: Clock;
  /** Keeps hashes from being guessed back. */
  secret: string;
};

/** Watches requests. */
export type Observer = {
  /** Notes where a request came from, and gives it its name and its trace. */
  meet: (sheet: Observation, arrival: Arrival) => Arrival;
  watch: (rooms: Rooms, sheet: Observation) => Rooms;
  /** Tells of a request whose answer begins, on that answer too. Never throws. */
  tell: (sheet: Observation, response: Response, arrival: Arrival) => void;
};

/** A sheet for a request. */
export function openSheet({ method, url, headers }: Request, at: number): Observation {
  return {
    id: crypto.randomUUID(),
    at,
    method,
    path: new URL(url).pathname,
    ray: headers.get("cf-ray") ?? undefined,
    own: false,
    presented: false,
    status: 0,
    durationMs: 0,
  };
}

/** Notes a failure; what only the operator may know is told to nobody else. */
export function noteFailure(sheet: Observation, { code, details }: GatewayError): void {
  const { cause, detail } = details;
  sheet.code = code;
  sheet.error = cause === undefined ? detail : describe(cause);
}

/** Makes the observer. */
export function makeObserver({ observing, tally, flush, emit, clock, secret }: Means): Observer {
  return {
    meet(sheet, arrival) {
      const { runtime, region, request, clientAddress: client } = arrival;
      const trace = traceOf(request.headers, observing.traceSample);
      // Only there it is Cloudflare that has written it.
      const ray = runtime === "workers" ? sheet.ray : undefined;
      Object.assign(sheet, { runtime, region, client, trace, ray });
      return { ...arrival, id: sheet.id, trace };
    },
    watch: (rooms, sheet) => watch(rooms, { sheet, tally, clock, flush }),
    tell: (sheet, response, arrival) => quietly(() => tell(sheet, response, arrival)),
  };

  function tell(sheet: Observation, response: Response, arrival: Arrival): void {
    sheet.status = response.status;
    sheet.durationMs = clock() - sheet.at;
    if (observing.serverTiming && response.status !== 101) {
      response.headers.append("server-timing", timingOf(sheet));
    }
    if (isTold(levelOf(sheet), observing.logLevel)) arrival.waitUntil(lineOf(sheet, secret).then(emit));
    if (!observing.counting || sheet.own) return;
    countRequest(sheet, tally);
    arrival.waitUntil(flush());
  }
}
