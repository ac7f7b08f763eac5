/** An upstream that knows which payment each run is for (`?payment=`), and how many of them overlap. */
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type OpenServer, open } from "../../dev/http.ts";

/** What the upstream has done for one payment. */
export type Runs = {
  started: number;
  /** Answered to the last byte. */
  finished: number;
  underWay: number;
  /** Most that were under way at any one time. */
  peak: number;
};

export type MeteredUpstream = OpenServer & {
  runs: Map<string, Runs>;
  /** How long it takes at most until the headers, and again within the body. */
  slowestMs: number;
};

export async function startMeteredUpstream(): Promise<MeteredUpstream> {
  const runs: MeteredUpstream["runs"] = new Map();
  const server = createServer((request, response) => {
    const id = new URL(`http://upstream${request.url}`).searchParams.get("payment") ?? "";
    const run = runs.get(id) ?? { started: 0, finished: 0, underWay: 0, peak: 0 };
    runs.set(id, run);
    run.started += 1;
    run.underWay += 1;
    run.peak = Math.max(run.peak, run.underWay);
    response.once("close", () => {
      run.underWay -= 1;
      if (response.writableFinished) run.finished += 1;
    });
    void answer(id, response, () => Math.random() * upstream.slowestMs);
  });
  // A pooled connection must outlive a pause of its client, or the next request on it is lost.
  server.keepAliveTimeout = 60_000;
  const upstream: MeteredUpstream = { ...(await open(server, 0, "upstream")), runs, slowestMs: 80 };
  return upstream;
}

/** Takes its time before the headers and within the body, so that a kill can hit either. */
async function answer(id: string, response: ServerResponse, delay: () => number): Promise<void> {
  await sleep(delay());
  response.writeHead(200, { "content-type": "application/json" }).write('{"answer":');
  await sleep(delay());
  response.end(JSON.stringify({ to: id }).slice(0, -1).concat("}}"));
}
