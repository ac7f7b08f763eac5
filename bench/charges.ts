/** What one call asks of the store and the facilitator, for every way to charge: counted, not timed. */
import { setTimeout as sleep } from "node:timers/promises";
import { payWithPermit } from "../test/fixtures/permit.ts";
import { decode, type Requirements, sign } from "../test/fixtures/sign.ts";
import type { Seen } from "./servers.ts";
import type { WaysLab } from "./ways.ts";

/** The requests and commands of one call. */
export type Charged = {
  name: string;
  status: number;
  /** HTTP requests to Redis that were waited for before the upstream was asked. */
  redisBefore: number;
  redisTotal: number;
  commands: number;
  /** Commands that the scripts gave. */
  inside: number;
  verify: number;
  settle: number;
};

type Kind = { name: string; path: string; init?: RequestInit; token?: boolean; paid?: boolean };

/** Long enough that an answer which was not waited for cannot have come before what followed. */
const LATENCY_MS = 40;
/** For the writes behind the answer. */
const QUIET_MS = 400;
/** Isolates write their statistics now and then: the smallest of so many counts is without. */
const TIMES = 3;

const chat = (stream: boolean): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "house-1", stream, messages: [{ role: "user", content: "?" }] }),
});

const KINDS: Kind[] = [
  { name: "flat price", path: "/flat", paid: true },
  { name: "credits, buying", path: "/credits", init: { headers: { "x-tollbooth-top-up": "1" } }, paid: true },
  { name: "credits, drawn by token", path: "/credits", token: true },
  { name: "credits, drawn as the payer", path: "/credits", paid: true },
  { name: "credits, drawn and given back", path: "/credits/fail", token: true },
  { name: "metered, JSON", path: "/metered/chat", init: chat(false), paid: true },
  { name: "metered, stream of events", path: "/metered/chat?count=20&gap=5", init: chat(true), paid: true },
  { name: "free, hooks", path: "/hooks/free" },
  { name: "flat price, hooks", path: "/hooks/silent", paid: true },
  { name: "flat price, hooks, one that counts in the store", path: "/hooks/store", paid: true },
  { name: "flat price, hooks, one that notes a refund", path: "/hooks/refund", paid: true },
];

/** Counts for every kind of call; the isolate is warm. */
export async function countCharges(lab: WaysLab): Promise<Charged[]> {
  const bought = await call(lab, { name: "", path: "/credits", paid: true }, "");
  const token = bought.headers.get("tollbooth-session");
  if (!token) throw new Error(`no credits: ${bought.status}`);
  const charged: Charged[] = [];
  for (const kind of KINDS) {
    const counts: Charged[] = [];
    for (let i = 0; i < TIMES; i++) counts.push(await count(lab, kind, token));
    const [first] = counts.sort((a, b) => a.commands - b.commands || a.inside - b.inside);
    if (first) charged.push(first);
  }
  return charged;
}

async function count(lab: WaysLab, kind: Kind, token: string): Promise<Charged> {
  const { upstream, facilitator, redis } = lab.servers;
  const servers = [upstream, facilitator, redis];
  const headers = await headersFor(lab, kind, token);
  const before = await commandsOf(lab);
  for (const server of servers) await server.set({ record: true, latencyMs: LATENCY_MS });
  const response = await fetch(lab.gateway.workers.url + kind.path, { ...kind.init, headers });
  await response.arrayBuffer();
  await sleep(QUIET_MS);
  const [calls = [], asked = [], stored = []] = await Promise.all(servers.map((server) => server.set({})));
  const commands = stored.flatMap(({ what }) => what.split(" ")).length;
  const times = (list: Seen[], what: string) => list.filter((entry) => entry.what === what).length;
  const end = calls[0]?.at ?? Number.NaN;
  return {
    name: kind.name,
    status: response.status,
    redisBefore: stored.filter(({ answered }) => answered < end).length,
    redisTotal: stored.length,
    commands,
    // The question itself is a command, too.
    inside: (await commandsOf(lab)) - before - commands - 1,
    verify: times(asked, "verify"),
    settle: times(asked, "settle"),
  };
}

async function call(lab: WaysLab, kind: Kind, token: string): Promise<Response> {
  const headers = await headersFor(lab, kind, token);
  const response = await fetch(lab.gateway.workers.url + kind.path, { ...kind.init, headers });
  await response.arrayBuffer();
  return response;
}

async function headersFor(lab: WaysLab, { path, init, paid }: Kind, token: string): Promise<Headers> {
  const headers = new Headers(init?.headers);
  if (!paid) {
    if (token) headers.set("tollbooth-session", token);
    return headers;
  }
  const unpaid = await fetch(lab.gateway.workers.url + path, init);
  await unpaid.arrayBuffer();
  const { accepts } = decode(unpaid.headers.get("payment-required")) as { accepts: [Requirements] };
  const [asked] = accepts;
  headers.set("payment-signature", await (asked.scheme === "upto" ? payWithPermit(asked) : sign(asked)));
  return headers;
}

/** Commands that Redis has carried out, those of scripts included. */
export async function commandsOf({
  servers: { redis },
}: {
  servers: Pick<WaysLab["servers"], "redis">;
}): Promise<number> {
  const response = await fetch(redis.url, {
    method: "POST",
    headers: { authorization: `Bearer ${redis.token}` },
    body: JSON.stringify(["INFO", "commandstats"]),
  });
  const { result } = (await response.json()) as { result: string };
  return [...result.matchAll(/:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}
