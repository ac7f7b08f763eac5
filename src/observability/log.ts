/** The log: one JSON line per event, on the stream that the platforms collect. */
import type { Emit } from "../core/events.ts";

/** Writes events as JSON lines; what cannot be written as JSON is left out, never thrown. */
export const log: Emit = ({ event, level, ...fields }) => {
  const line = toJson({ time: new Date().toISOString(), level, event, ...fields });
  if (level === "error") console.error(line);
  else console.log(line);
};

function toJson(fields: Record<string, unknown>): string {
  try {
    return JSON.stringify(fields, (_, value) => (typeof value === "bigint" ? value.toString() : value));
  } catch {
    return JSON.stringify({ time: fields.time, level: fields.level, event: fields.event });
  }
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
