/**
 * What stands behind the workers, each as a process of its own so that none shares an event loop with another or with
 * the load: `servers.ts upstream|facilitator|redis`, forked. Says where it listens, then takes orders.
 */
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { seller } from "../dev/accounts.ts";
import { open } from "../dev/http.ts";
import { startRedis } from "../dev/redis.ts";
import { answerBody } from "./cache-bodies.ts";
import { answerChat } from "./events.ts";

/**
 * One request a server got; times in milliseconds of the machine's monotonic clock. `sent` and `received` are the bytes of
 * the bodies, as the gateway sees it; of Redis only.
 */
export type Seen = { what: string; at: number; answered: number; sent?: number; received?: number };

/** How to behave from now on. The answer is what was recorded until now. */
export type Order = { latencyMs: number; record: boolean };

/** What a server says when it listens. */
export type Ready = { url: string; token: string };

type Paid = { paymentPayload: { payload: { authorization: Signed; permit2Authorization?: Signed } } };
type Signed = { from: string; nonce: string };

const NETWORK = "eip155:84532";
const ANSWER = JSON.stringify({
  city: "Lisbon",
  temperature: 21,
  sky: "clear",
  wind: { speed: 12, from: "NW" },
});

let order: Order = { latencyMs: 0, record: false };
let seen: Seen[] = [];
const spent = new Set<string>();

const now = () => Number(process.hrtime.bigint()) / 1e6;

async function timed<T>(what: string, work: (entry?: Seen) => T | Promise<T>): Promise<T> {
  if (!order.record && order.latencyMs === 0) return work();
  const entry: Seen = { what, at: now(), answered: Number.POSITIVE_INFINITY };
  if (order.record) seen.push(entry);
  if (order.latencyMs > 0) await sleep(order.latencyMs);
  const result = await work(entry);
  entry.answered = now();
  return result;
}

const upstream: RequestListener = (request, response) =>
  timed(request.url ?? "", () => {
    if (request.url?.startsWith("/chat")) return answerChat(request, response);
    if (request.url?.startsWith("/body/")) return answerBody(request, response);
    if (request.url === "/fail") return void response.writeHead(500).end();
    response.writeHead(200, { "content-type": "application/json", "content-length": ANSWER.length });
    response.end(ANSWER);
  });

const facilitator: RequestListener = async (request, response) => {
  const endpoint = request.url?.slice(1) ?? "";
  const body = await read(request);
  await timed(endpoint, () => {
    const answer = JSON.stringify(endpoint === "supported" ? supported() : judge(endpoint, JSON.parse(body)));
    const headers = { "content-type": "application/json", "content-length": answer.length };
    response.writeHead(200, headers).end(answer);
  });
};

function supported() {
  const kind = { x402Version: 2, scheme: "exact", network: NETWORK };
  const upto = { ...kind, scheme: "upto", extra: { facilitatorAddress: seller.address } };
  return { kinds: [kind, upto], extensions: [], signers: {} };
}

function judge(endpoint: string, { paymentPayload }: Paid) {
  const { authorization, permit2Authorization } = paymentPayload.payload;
  const { from, nonce } = permit2Authorization ?? authorization;
  if (endpoint === "verify") return { isValid: true, payer: from };
  const fresh = !spent.has(nonce);
  spent.add(nonce);
  return fresh
    ? {
        success: true,
        transaction: permit2Authorization ? `0x${"1".repeat(64)}` : nonce,
        network: NETWORK,
        payer: from,
      }
    : { success: false, errorReason: "invalid_transaction_state", transaction: "", network: NETWORK };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

async function start(role: string): Promise<Ready> {
  if (role === "redis") {
    const { url, token } = await startRedis({
      prefer: "real",
      intercept: ({ commands }, next) =>
        timed(commands.map(([name]) => name).join(" "), async (entry) => {
          const answer = await next();
          if (!entry) return answer;
          entry.sent = Buffer.byteLength(JSON.stringify(commands));
          entry.received = Buffer.byteLength(answer.body);
          return answer;
        }),
    });
    return { url, token };
  }
  const server = createServer(role === "upstream" ? upstream : facilitator);
  // A pooled connection that is cut under a worker's hands would be an error nobody is to blame for.
  server.keepAliveTimeout = 600_000;
  const { url } = await open(server, 0, role);
  return { url, token: "" };
}

process.on("message", (next: Order) => {
  order = next;
  process.send?.(seen);
  seen = [];
});
process.on("disconnect", () => process.exit(0));
process.send?.(await start(process.argv[2] ?? ""));
