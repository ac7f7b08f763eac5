/** Whether the gateway can sell: what it needs, and how that does. */

/** `degraded`: a part of what is sold cannot be served; `down`: nothing that costs anything can. */
export type Condition = "ok" | "degraded" | "down";

/** How one thing that the gateway needs does. */
export type Finding = {
  /** Of what kind it is. */
  of: "store" | "facilitator" | "upstream";
  /** The operator's name for it: no URL, and nothing secret. */
  name: string;
  condition: Condition;
  /** How long it took to answer, ms. */
  ms?: number;
  /** Why it is not `ok`; for the operator only. */
  reason?: string;
};

/** Asks something that the gateway needs. Never throws. */
export type Probe = () => Promise<Finding[]>;

/** What was found, and when, ms since 1970. */
export type Readiness = { condition: Condition; findings: Finding[]; at: number };
