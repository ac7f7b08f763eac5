/** What is told to the operator, and the time. */

/** Something the operator should be able to see; never holds secrets or whole payments. */
export type Event = {
  event: string;
  level: "debug" | "info" | "warn" | "error";
  [field: string]: unknown;
};

/** Takes events; never throws and never waits. */
export type Emit = (event: Event) => void;

/** Milliseconds since 1970. */
export type Clock = () => number;
