/** What `tollbooth init` writes: a configuration and what is around it, from answers, a description or an original file. */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { CommandError } from "../config-file.ts";
import type { Answers, Platform } from "./answers.ts";
import type { Draft } from "./draft.ts";
import { describe, keepValid } from "./openapi.ts";
import { carry, referencesIn } from "./original/carry.ts";
import type { Fields } from "./original/fields.ts";
import type { Note } from "./original/ledger.ts";
import type { Project } from "./project.ts";

/** All that is to be written, and all that is to be said. */
export type Plan = { draft: Draft; project: Omit<Project, "version">; notes: Note[] };

/** Nodes that anybody may ask now and then, for payments whose settlement was not seen to end. */
const PUBLIC_RPC: Record<string, string> = {
  base: "https://mainnet.base.org",
  "base-sepolia": "https://sepolia.base.org",
};
const LOCAL_STORE = "http://127.0.0.1:8079";

/** The route of the answers. */
export function planNew(answers: Answers): Plan {
  const routes = { [answers.route]: { upstream: "api", price: answers.price } };
  return planRoutes(answers, routes);
}

/** The operations of a description. @throws CommandError when none can be sold */
export async function planOpenApi(spec: unknown, answers: Answers): Promise<Plan> {
  const found = describe(spec, answers.price);
  const plan = planRoutes(answers, found.routes);
  await keepValid(found, plan.draft.config);
  if (Object.keys(found.routes).length === 0)
    throw new CommandError("The description has no operation that could be a route.");
  const what = found.title === undefined ? "an OpenAPI description" : `the description of ${found.title}`;
  plan.draft.head = [`What is sold here, from ${what}.`];
  const notes = found.skipped.map(
    ({ operation, reason }): Note => ({ path: operation, level: "lost", what: reason }),
  );
  return { ...plan, notes };
}

function planRoutes(answers: Answers, routes: Record<string, Fields>): Plan {
  const { network, payTo, facilitator, url, storeUrlEnv, storeTokenEnv } = answers;
  const rpc = PUBLIC_RPC[network];
  const config = {
    wallets: { [network]: "${PAY_TO}" },
    accepts: [{ asset: "USDC", network }],
    facilitator: "${FACILITATOR_URL}",
    ...(rpc === undefined ? {} : { rpc: { [network]: "${RPC_URL}" } }),
    stores: { redis: { url: `\${${storeUrlEnv}}`, token: `\${${storeTokenEnv}}` } },
    upstreams: { api: { url: "${UPSTREAM_URL}" } },
    routes,
  };
  const open = {
    PAY_TO: payTo,
    FACILITATOR_URL: facilitator,
    ...(rpc === undefined ? {} : { RPC_URL: rpc }),
    UPSTREAM_URL: url,
  };
  const store = { url: storeUrlEnv, token: storeTokenEnv };
  const said = new Map<string, string>();
  if (rpc !== undefined)
    said.set("rpc", "Tells what became of a payment whose settlement was not seen to end.");
  return {
    draft: { head: ["What is sold here, and for how much."], imports: [], config, comments: said },
    project: { platform: answers.platform, open, secret: storeVariables(answers.platform, store) },
    notes: [],
  };
}

/** An original configuration. @throws CommandError when it cannot be carried over */
export async function planOriginal(file: unknown, platform: Platform, folder: string): Promise<Plan> {
  const { draft, ledger } = await carry(file, resolve(folder));
  const store = { url: "UPSTASH_REDIS_REST_URL", token: "UPSTASH_REDIS_REST_TOKEN" };
  const names = referencesIn(draft.config);
  const others = names.filter((name) => name !== store.url && name !== store.token);
  const variables = names.includes(store.url) ? storeVariables(platform, store) : {};
  const secret = {
    ...Object.fromEntries(
      others.map((name) => [name, { local: "", what: "as it was, or as the notes say" }]),
    ),
    ...variables,
  };
  return { draft, project: { platform, open: {}, secret }, notes: ledger.notes };
}

/** The store's variables; with Docker they are those of the Redis beside the gateway. */
function storeVariables(
  platform: Platform,
  { url, token }: { url: string; token: string },
): Project["secret"] {
  const made = platform === "docker" ? randomBytes(32).toString("hex") : "local-development";
  return {
    [url]: { local: LOCAL_STORE, what: "REST URL of an Upstash database, or of tollbooth redis-bridge" },
    [token]: { local: made, what: "its token" },
    ...(platform === "docker"
      ? { BRIDGE_TOKEN: { local: made, what: "the same token, for the bridge: openssl rand -hex 32" } }
      : {}),
  };
}
