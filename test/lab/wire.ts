/** In front of the real facilitator: can be held before a request goes on and before its reply comes back, and can lie. */
import { createServer } from "node:http";
import { open } from "../../dev/http.ts";
import type { Stops } from "./stops.ts";

/** What is said in place of the facilitator; "refuse" closes the connection unheard. */
export type Lie = { status: number; type: string; body: string } | "refuse";

/** A running wire. */
export type Wire = {
  url: string;
  /** What is said to `/settle` and `/verify` until it is undefined again; the facilitator is not asked. */
  lie: Lie | undefined;
  /** Settlements that reached the facilitator and were answered, whatever it said. */
  settled: () => number;
  close: () => Promise<void>;
};

/** Starts a wire to the facilitator at `target`. */
export async function startWire(target: string, stops: Stops): Promise<Wire> {
  let answered = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.url === "/supported") {
      const supported = await fetch(target + request.url);
      return void response.writeHead(supported.status).end(await supported.text());
    }
    const step = request.url === "/settle" ? "settle" : "verify";
    if (wire.lie === "refuse") return void request.socket.destroy();
    if (wire.lie) {
      const { status, type, body: text } = wire.lie;
      return void response.writeHead(status, { "content-type": type }).end(text);
    }
    if ((await stops.pass(`${step}:received`)) === "cut") return void request.socket.destroy();
    const headers = { "content-type": "application/json" };
    const reply = await fetch(target + request.url, { method: "POST", body, headers }).catch(() => undefined);
    const text = await reply?.text();
    if (step === "settle") answered += 1;
    if (!reply || (await stops.pass(`${step}:done`)) === "cut") return void request.socket.destroy();
    response.writeHead(reply.status, headers).end(text);
  });
  const { url, close } = await open(server, 0, "wire");
  const wire: Wire = { url, lie: undefined, settled: () => answered, close };
  return wire;
}
