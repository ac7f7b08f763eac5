/** What is told to the operator, and the time. */

/** Something the operator should be able to see; never holds secrets or whole payments. */
export type Event = {
  event: string;
  level: "debug" | "info" | "warn" | "error";
  [field: string]: unknown;
};

/** What every event about a call tells of it: the log's line about the call has the same id. */
export function about({ route, id }: { route: { key: string }; id?: string | undefined }) {
  return { route: route.key, request_id: id };
}

/** Takes events; never throws and never waits. */
export type Emit = (event: Event) => void;

/** Milliseconds since 1970. */
export type Clock = () => number;
