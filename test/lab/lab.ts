/** A gateway with everything real around it (Redis, chain, facilitator), and a hand on every wire between them. */
import { payer, seller } from "../../dev/accounts.ts";
import { bundle, type Runtime } from "../../dev/bundle.ts";
import { type Chain, startChain } from "../../dev/chain.ts";
import { startFacilitator } from "../../dev/facilitator.ts";
import { createFaults, type Faults } from "../../dev/faults.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { decode, type Requirements, sign, type Tampering } from "../fixtures/sign.ts";
import { startStallingUpstream } from "./stalling-upstream.ts";
import { createStops, type Stops, stopsAtStore } from "./stops.ts";
import { startStore } from "./store.ts";
import { startWire, type Wire } from "./wire.ts";

/** What the answer costs, atomic units. */
export const PRICE = 10_000n;

/** What a client saw of an answer. `whole` is false when it broke off. */
export type Seen = { status: number; text: string; whole: boolean; receipt: unknown; code: unknown };

/** A running lab. */
export type Lab = {
  stops: Stops;
  faults: Faults;
  store: Awaited<ReturnType<typeof startStore>>;
  chain: Chain;
  wire: Wire;
  /** The variables of its configuration, but for how patient the gateway is. */
  vars: Record<string, string>;
  upstream: Awaited<ReturnType<typeof startStallingUpstream>>;
  /** Kills the instance outright. */
  kill: () => Promise<void>;
  /** A fresh instance, after killing the one before. */
  launch: (vars?: Record<string, string>) => Promise<void>;
  /** A fresh instance if the last one was killed. */
  revive: () => Promise<void>;
  /** A payment for the path, as the running instance quotes it. */
  sign: (path: string, tampering?: Tampering) => Promise<string>;
  /** Presents a payment; whatever happens is seen, in `seen` while it happens. */
  present: (path: string, payment: string, seen?: Seen) => Promise<Seen>;
  /** Atomic units that the seller has. */
  earned: () => Promise<bigint>;
  close: () => Promise<void>;
};

/** Starts the parts and a first instance. `name` keeps the bundles of files that run at once apart. */
export async function startLab(name: string, runtime: Runtime, given: Record<string, string>): Promise<Lab> {
  const directory = `.build/lab/${name}`;
  await bundle(runtime, "test/lab/tollbooth.config.ts", directory);
  const { vars, close, ...parts } = await startParts();
  const start = (more: Record<string, string>, port = 0) =>
    startGateway({ runtime, directory, port, vars: { ...vars, ...given, ...more } });
  let gateway = await start({});
  const { url } = gateway;
  let alive = true;
  const kill = async () => {
    alive = false;
    await gateway.stop("SIGKILL");
  };
  const launch = async (more: Record<string, string> = {}) => {
    await kill();
    // A payment is for a call to one host: what comes after a crash has the same name.
    gateway = await start(more, Number(new URL(url).port));
    alive = true;
  };
  return {
    ...parts,
    vars,
    kill,
    launch,
    revive: async () => (alive ? undefined : launch()),
    sign: async (path, tampering) => signFor(await quote(url + path), tampering),
    present: (path, payment, seen = nothingSeen()) => look(url + path, payment, seen),
    earned: () => parts.chain.balanceOf(seller.address),
    async close() {
      parts.stops.release("cut");
      await kill();
      await close();
    },
  };
}

/** Everything around a gateway, and the variables by which it finds it. */
export async function startParts() {
  const [stops, faults] = [createStops(), createFaults()];
  const store = await startStore(stopsAtStore(stops, faults.intercept));
  const chain = await startChain();
  await chain.mint(payer.address, 100_000_000n);
  await chain.allowPermit2(payer.privateKey);
  const facilitator = await startFacilitator({ rpcUrl: chain.url });
  const wire = await startWire(facilitator.url, stops);
  const upstream = await startStallingUpstream(stops);
  const urls = { FACILITATOR_URL: wire.url, UPSTREAM_URL: upstream.url, RPC_URL: chain.url };
  const vars = { PAY_TO: seller.address, ...store.vars, ...urls };
  const close = async () => {
    for (const part of [upstream, wire, facilitator, chain, store]) await part.close();
  };
  return { stops, faults, store, chain, wire, upstream, vars, close };
}

/** A payment of the lab's payer for these requirements. */
export function signFor(requirements: Requirements, tampering?: Tampering): Promise<string> {
  return requirements.scheme === "upto" ? payWithPermit(requirements) : sign(requirements, tampering);
}

/** What a call costs. */
export async function quote(url: string): Promise<Requirements> {
  const { headers } = await fetch(url);
  return (decode(headers.get("payment-required")) as { accepts: [Requirements] }).accepts[0];
}

/** What a client has seen that has seen nothing yet. */
export function nothingSeen(): Seen {
  return { status: 0, text: "", whole: false, receipt: undefined, code: undefined };
}

/** Presents a payment; `seen` fills while the answer comes. */
export async function look(url: string, payment: string, seen: Seen): Promise<Seen> {
  try {
    const response = await fetch(url, { headers: { "payment-signature": payment } });
    const receipt = response.headers.get("payment-response");
    Object.assign(seen, { status: response.status, receipt: receipt ? decode(receipt) : undefined });
    for await (const chunk of response.body ?? []) seen.text += Buffer.from(chunk).toString();
    seen.whole = true;
    if (response.headers.get("content-type")?.includes("problem")) seen.code = JSON.parse(seen.text).code;
  } catch {
    // The instance was killed, or broke the answer off: what was seen until then counts.
  }
  return seen;
}
