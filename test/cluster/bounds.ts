/** How many calls of one client may pass between two moments: what docs/configuration.md says of each algorithm. */

export const HOUR_MS = 3_600_000;

export type Run = { began: number; ended: number };

/** Per hour. The hours are those of the clock, and a run may lie across the border of two. */
const crossed = ({ began, ended }: Run) => Math.floor(ended / HOUR_MS) - Math.floor(began / HOUR_MS);

export const AT_MOST = {
  /** Once across a border the hour before still counts, but for the part of the new one that has passed. */
  "sliding-window": (run: Run, requests: number) =>
    requests + (crossed(run) && Math.ceil(requests * ((run.ended % HOUR_MS) / HOUR_MS))),
  "fixed-window": (run: Run, requests: number) => requests * (1 + crossed(run)),
  "token-bucket": ({ began, ended }: Run, requests: number, burst: number) =>
    burst + Math.floor((ended - began) / (HOUR_MS / requests)),
};
