import type { Observation } from "../../src/core/observation.ts";

/** A request of which nothing is known but that it was answered. */
export const SHEET: Observation = {
  id: "id",
  at: 0,
  method: "GET",
  path: "/a",
  own: false,
  presented: false,
  status: 200,
  durationMs: 1,
};
