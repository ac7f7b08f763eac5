/** The log: one JSON line per event, on the stream that the platforms collect. */
import type { Emit, Event } from "../core/events.ts";
import { LOG_LEVELS, type LogLevel } from "../core/observation.ts";

/** Name and password of a URL, and its query: both are places for secrets. */
const USERINFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi;
const QUERY = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s?"'<>]*)\?[^\s"'<>]*/gi;

/** Writes events as JSON lines; what cannot be written as JSON is left out, never thrown. */
export const log: Emit = ({ event, level, ...fields }) => {
  const head = { timestamp: new Date().toISOString(), level, msg: event };
  // First, and nevertheless over what others have called the same.
  const line = toJson({ ...head, ...fields, ...head });
  if (level === "error") console.error(line);
  else console.log(line);
};

/** Passes on what is told from a level on. Never throws: a log that is down must not change what becomes of a payment. */
export function filtered(emit: Emit, least: () => LogLevel): Emit {
  return (event) => {
    try {
      if (isTold(event.level, least())) emit(event);
    } catch (error) {
      console.error(String(error));
    }
  };
}

/** True when events of a level are told. */
export function isTold(level: Event["level"], least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

function toJson(fields: Record<string, unknown>): string {
  try {
    return JSON.stringify(fields, (_, value) =>
      typeof value === "bigint" ? value.toString() : clean(value),
    );
  } catch {
    return JSON.stringify({ timestamp: fields.timestamp, level: fields.level, msg: fields.msg });
  }
}

/** Foreign messages name URLs as they were asked. */
function clean(value: unknown): unknown {
  if (typeof value !== "string" || !value.includes("://")) return value;
  return value.replace(USERINFO, "$1").replace(QUERY, "$1");
}

/** A thrown value as one line for the log, causes included, capped. */
export function describe(thrown: unknown): string {
  const parts: string[] = [];
  for (let cause = thrown; cause !== undefined && parts.length < 5; ) {
    parts.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return parts.join(" ← ").slice(0, 1000);
}
