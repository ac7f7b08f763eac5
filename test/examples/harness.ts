/**
 * An example as its reader would run it: its own configuration file, bundled, with a real store, a local chain and a real
 * facilitator around it, upstreams of the test behind it, and the official client in front.
 */
import { createServer, type RequestListener } from "node:http";
import { basename, dirname, join } from "node:path";
import { wrapFetchWithPayment } from "@x402/fetch";
import { payer, seller } from "../../dev/accounts.ts";
import { bundle, type Runtime } from "../../dev/bundle.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { type OpenServer, open } from "../../dev/http.ts";
import { createPayer } from "../../dev/pay-client.ts";
import { startStack } from "../../dev/stack.ts";

/** What an example is run with. */
export type ExampleOptions = {
  /** `examples/NAME/tollbooth.config.ts`. */
  config: string;
  /** The variables that the configuration names beyond those of the stack: upstreams, keys. */
  vars: Record<string, string>;
  /** Node unless told: it starts fastest. */
  runtime?: Runtime;
};

/** A running example. */
export type Example = {
  url: string;
  /** A call of the official client: it pays what it is asked for. `send` is what it sends with, `fetch` unless told. */
  pay: (path: string, init?: RequestInit, send?: typeof fetch) => Promise<Response>;
  /** The same call without a payment. */
  call: (path: string, init?: RequestInit) => Promise<Response>;
  /** What the seller got for what was done meanwhile, atomic units; the payer has paid as much. */
  earned: (work: () => Promise<unknown>) => Promise<bigint>;
  close: () => Promise<void>;
};

/** Starts everything; if a part does not start, the others are ended. */
export async function startExample({ config, vars, runtime = "node" }: ExampleOptions): Promise<Example> {
  const directory = join(".build/examples", basename(dirname(config)));
  await bundle(runtime, config, directory);
  const stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
  const started = startGateway({ runtime, directory, vars: { ...stack.vars, ...vars } });
  const gateway = await started.catch(async (error: unknown) => {
    await stack.close();
    throw error;
  });
  const { client } = createPayer({ rpcUrl: stack.chain.url }, () => undefined);
  const balances = async () => ({
    payer: await stack.chain.balanceOf(payer.address),
    seller: await stack.chain.balanceOf(seller.address),
  });
  return {
    url: gateway.url,
    pay: (path, init, send = fetch) =>
      wrapFetchWithPayment(send, client)(gateway.url + path, { redirect: "manual", ...init }),
    call: (path, init) => fetch(gateway.url + path, { redirect: "manual", ...init }),
    async earned(work) {
      const before = await balances();
      await work();
      const after = await balances();
      const paid = before.payer - after.payer;
      const got = after.seller - before.seller;
      if (paid !== got) throw new Error(`the payer paid ${paid}, the seller got ${got}`);
      return got;
    },
    async close() {
      await gateway.stop();
      await stack.close();
    },
  };
}

/** An upstream of a test: what it answers is up to the handler. */
export function startMock(handler: RequestListener): Promise<OpenServer> {
  return open(createServer(handler), 0, "upstream of the test");
}
