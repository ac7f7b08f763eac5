/** The real x402 facilitator (the SDK's own code) over HTTP, for the development chain. */
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { x402Facilitator } from "@x402/core/facilitator";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { ExactEvmSchemeV1 } from "@x402/evm/exact/v1/facilitator";
import { UptoEvmScheme } from "@x402/evm/upto/facilitator";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Hex } from "viem";
import { facilitator as account } from "./accounts.ts";
import { type FacilitatorBody, parseBody } from "./facilitator-body.ts";
import { createSigner } from "./facilitator-signer.ts";
import { type OpenServer, open } from "./http.ts";
import { NETWORK, V1_NETWORK } from "./token.ts";

/** How to start the facilitator. */
export interface FacilitatorOptions {
  /** The chain it verifies and settles on. */
  rpcUrl: string;
  /** Port on 127.0.0.1; by default one the system chooses. */
  port?: number;
  /** Key that pays the gas; one running facilitator per key, or they take each other's transaction numbers. */
  privateKey?: Hex;
}

/** Requests received per endpoint, refused ones included. */
export interface FacilitatorCounters {
  verify: number;
  settle: number;
  supported: number;
}

/** A running facilitator. */
export interface Facilitator extends OpenServer {
  /** Live: read it whenever you like. */
  counters: FacilitatorCounters;
}

/** Starts a facilitator for `exact`, in both versions of x402, and `upto` on the development network. */
export async function startFacilitator(options: FacilitatorOptions): Promise<Facilitator> {
  const { rpcUrl, port = 0, privateKey = account.privateKey } = options;
  const { signer, guarded } = createSigner(rpcUrl, privateKey);
  const sdk = new x402Facilitator()
    .register(NETWORK, new ExactEvmScheme(signer))
    .register(NETWORK, new UptoEvmScheme(signer))
    .registerV1(V1_NETWORK as `${string}:${string}`, new ExactEvmSchemeV1(signer));
  const counters: FacilitatorCounters = { verify: 0, settle: 0, supported: 0 };
  const app = createApp(sdk, guarded, counters);
  const server = createServer(getRequestListener(app.fetch));
  return { ...(await open(server, port, "facilitator")), counters };
}

type Guard = ReturnType<typeof createSigner>["guarded"];

function createApp(sdk: x402Facilitator, guarded: Guard, counters: FacilitatorCounters): Hono {
  const app = new Hono();
  app.get("/supported", (c) => {
    counters.supported += 1;
    return c.json(sdk.getSupported());
  });
  const limit = bodyLimit({
    maxSize: 64 * 1024,
    onError: (c) => c.json({ error: "The body is larger than 64 kB." }, 413),
  });
  const serve = (name: "verify" | "settle", run: (body: FacilitatorBody) => Promise<object>) =>
    app.post(`/${name}`, limit, async (c) => {
      counters[name] += 1;
      const body = parseBody(await c.req.text());
      if ("error" in body) return c.json(body, 400);
      if (body.paymentRequirements.network !== (body.x402Version === 1 ? V1_NETWORK : NETWORK))
        return c.json({ error: `Only ${NETWORK} is served here.` }, 400);
      return c.json(await guarded(() => run(body)));
    });
  serve("verify", (body) => sdk.verify(...partsOf(body)));
  serve("settle", (body) => sdk.settle(...partsOf(body)));
  app.notFound((c) => c.json({ error: "There is /supported, /verify and /settle." }, 404));
  app.onError((error, c) => c.json({ error: error.message }, 500));
  return app;
}

/** The SDK's types know version 2 only; it tells the versions apart itself. */
function partsOf(body: FacilitatorBody): Parameters<x402Facilitator["verify"]> {
  return [body.paymentPayload, body.paymentRequirements] as Parameters<x402Facilitator["verify"]>;
}
