/** An upstream that answers `/weather`, with `.txt` as plain text, and can be held before its answer and in the middle of it. */
import { createServer } from "node:http";
import { open } from "../../dev/http.ts";
import type { Stops } from "./stops.ts";

/** What is sold. */
export const ANSWER = JSON.stringify({ city: "Lisbon", temperature: 21, sky: "clear" });
const HALF = ANSWER.length / 2;

/** Starts it. `/fail` answers 503 as long as `failing` says so. */
export async function startStallingUpstream(stops: Stops) {
  const state = { failing: false, asked: 0 };
  const server = createServer(async (request, response) => {
    state.asked += 1;
    if ((await stops.pass("upstream:received")) === "cut") return void request.socket.destroy();
    if (state.failing) return void response.writeHead(503).end();
    const type = request.url?.endsWith(".txt") ? "text/plain" : "application/json";
    response.writeHead(200, { "content-type": type, "content-length": ANSWER.length });
    await new Promise<void>((written) => response.write(ANSWER.slice(0, HALF), () => written()));
    if ((await stops.pass("upstream:half")) === "cut") return void request.socket.destroy();
    response.end(ANSWER.slice(HALF));
  });
  server.keepAliveTimeout = 60_000;
  const { url, close } = await open(server, 0, "upstream");
  return Object.assign(state, { url, close });
}
