/**
 * One gateway as it is deployed: many instances that know nothing of each other over one store. Six slots, four of
 * workerd and two of Node, each of them up or down; one real Redis, one upstream, one facilitator, one chain.
 */
import type { Hex } from "viem";
import { seller } from "../../dev/accounts.ts";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { startRedis } from "../../dev/redis.ts";
import type { Intercept } from "../../src/bridge/intercept.ts";
import { type FacilitatorStub, startFacilitatorStub } from "../fixtures/facilitator-stub.ts";
import { decode, type Requirements } from "../fixtures/sign.ts";
import { BUNDLES } from "../fixtures/world.ts";
import { type Ledger, startLedger } from "./ledger.ts";
import { type Payment, signPaymentFor } from "./payer.ts";
import { type MeteredUpstream, startMeteredUpstream } from "./upstream.ts";

/** What a test may put in place of what a cluster comes with. */
export type ClusterOptions = {
  /** The URL of an upstream of the test's own. */
  upstreamUrl?: string;
  /** Sees every request to the store. */
  intercept?: Intercept;
};

export type Cluster = {
  slots: Slot[];
  ledger: Ledger;
  upstream: MeteredUpstream;
  facilitator: FacilitatorStub;
  /** The URL of any instance that is up: what a load balancer without a memory would choose. */
  anyUrl: () => string;
  /** The URLs of all instances that are up. */
  urls: () => string[];
  /** Signs a payment for one call of that route. */
  sign: (route: string, privateKey?: Hex) => Promise<Payment>;
  /** The variables that the instances see. */
  vars: Record<string, string>;
  /** Ends everything; more calls are harmless. */
  close: () => Promise<void>;
};

/** A place for an instance. */
export type Slot = {
  runtime: Runtime;
  isUp: () => boolean;
  start: () => Promise<void>;
  /** As the platform does it: SIGTERM for Node, sudden death for an isolate. It takes calls until it is gone. */
  stop: () => Promise<void>;
  /** Sudden death, of Node too. */
  kill: () => Promise<void>;
  url: () => string | undefined;
  /** What its instances have logged about calls that they failed, 503 apart: the cause is nowhere else. */
  failures: () => string[];
};

const UNEXPECTED = /"level":"error","msg":"request".*"code":"(?:internal_error|config_invalid|upstream_\w+)"/;

const RUNTIMES = ["workers", "node", "workers", "workers", "node", "workers"] as const;

/** Starts everything around the instances and the first `count` of them. */
export async function startCluster(count: number, options: ClusterOptions = {}): Promise<Cluster> {
  const { intercept, upstreamUrl } = options;
  const store = await startRedis({ prefer: "real", strict: true, ...(intercept ? { intercept } : {}) });
  const [ledger, upstream, facilitator] = await Promise.all([
    startLedger(),
    startMeteredUpstream(),
    startFacilitatorStub(),
  ]);
  facilitator.on.settle = ledger.settle;
  const vars = {
    // A crowd on two cores keeps the store waiting; what is asked here is not how long.
    REDIS_PATIENCE: "20",
    PAY_TO: seller.address,
    REDIS_URL: store.url,
    REDIS_TOKEN: store.token,
    UPSTREAM_URL: upstreamUrl ?? upstream.url,
    FACILITATOR_URL: facilitator.url,
    CHAIN_RPC_URL: ledger.url,
  };
  const slots = RUNTIMES.map((runtime) => makeSlot(runtime, vars));
  const close = async () => {
    await Promise.all(slots.map((slot) => slot.stop()));
    for (const part of [store, upstream, facilitator, ledger]) await part.close();
  };
  const urls = () => slots.flatMap((slot) => slot.url() ?? []);
  const anyUrl = () => {
    const all = urls();
    const url = all[Math.floor(Math.random() * all.length)];
    if (url === undefined) throw new Error("no instance is up");
    return url;
  };
  try {
    await Promise.all(slots.slice(0, count).map((slot) => slot.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { slots, ledger, upstream, facilitator, anyUrl, urls, sign: makeSign(anyUrl), vars, close };
}

function makeSlot(runtime: Runtime, vars: Record<string, string>): Slot {
  let gateway: Gateway | undefined;
  const started: Gateway[] = [];
  const end = async (signal: NodeJS.Signals) => {
    await gateway?.stop(signal);
    gateway = undefined;
  };
  return {
    runtime,
    isUp: () => gateway !== undefined,
    url: () => gateway?.url,
    async start() {
      gateway = await startGateway({ runtime, directory: BUNDLES, vars });
      started.push(gateway);
    },
    failures: () => started.flatMap((one) => one.log().split("\n")).filter((line) => UNEXPECTED.test(line)),
    stop: () => end(runtime === "node" ? "SIGTERM" : "SIGKILL"),
    kill: () => end("SIGKILL"),
  };
}

/** Signs for what the first unpaid call of the route was asked for. */
function makeSign(anyUrl: () => string): Cluster["sign"] {
  const quotes = new Map<string, Promise<Requirements>>();
  const ask = async (route: string) => {
    const response = await fetch(anyUrl() + route);
    await response.arrayBuffer();
    const { accepts } = decode(response.headers.get("payment-required")) as { accepts: [Requirements] };
    return accepts[0];
  };
  return async (route, privateKey) => {
    const quote = quotes.get(route) ?? ask(route);
    quotes.set(route, quote);
    return signPaymentFor(route, await quote, privateKey);
  };
}
