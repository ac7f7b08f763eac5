/** What the documents say to write into a configuration can be written into one. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { load } from "../src/config/load.ts";

const ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const ACCOUNT = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
const ENV = {
  UPSTASH_REDIS_REST_URL: "https://x.upstash.io",
  UPSTASH_REDIS_REST_TOKEN: "t",
  PAYMENTS_URL: "https://y.upstash.io",
  PAYMENTS_TOKEN: "t",
  API_KEY: "k",
  PAY_TO: ADDRESS,
  FACILITATOR_URL: "https://facilitator.example.com",
  RPC_URL: "https://node.example.com",
  ADMIN_TOKEN: "0123456789abcdef01234567",
  METRICS_TOKEN: "0123456789abcdef01234567",
  API: { fetch: () => Promise.reject(new Error("nobody asks")) },
};
/** Of descriptions that are in files. */
const FILES = { "./petstore.yaml": { openapi: "3.1.0", paths: {} } };
type Routes = Record<string, { upstream: string }>;
type Fragment = { routes?: Routes } & Record<string, unknown>;

/** Whatever a fragment leaves out, and takes the place of when it does not. */
const AROUND = {
  wallets: { base: ADDRESS },
  accepts: [
    { asset: "USDC", network: "base" },
    { asset: "USDC", network: "base", scheme: "upto" },
  ],
  facilitator: "https://facilitator.example.com",
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
  routes: { "GET /": { upstream: "api", price: "$0.01" } },
};

/** The blocks, by the document and the line that they begin in. */
function blocksOf(document: string): [string, string][] {
  const text = readFileSync(document, "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ 1: block = "", index }) => [
    `${document}:${text.slice(0, index).split("\n").length}`,
    block,
  ]);
}

/** Top-level fields, routes, or a whole file: as an object. Types are gone, and what stands for an address is one. */
function toFragment(block: string): Fragment {
  const written = block
    .replaceAll('solana: "…"', `solana: "${ACCOUNT}"`)
    .replaceAll('"0x…"', `"${ADDRESS}"`)
    .replace(/ as \{[^}]*\}/g, "");
  const source = /defineConfig\((\{[\s\S]*\})\);/.exec(written)?.[1] ?? `{${written}}`;
  const fields: Fragment = new Function(`return (${source})`)();
  const isRoute = ([name]: [string, unknown]) => name.includes(" /");
  const routes = Object.entries(fields).filter(isRoute);
  return routes.length === 0 ? fields : { routes: Object.fromEntries(routes) as Routes };
}

function complete(fragment: Fragment): Fragment {
  const whole = { ...AROUND, ...fragment };
  const names = Object.values(whole.routes).map(({ upstream }) => upstream);
  const upstreams = Object.fromEntries(names.map((name) => [name, { url: `https://${name}.example.com` }]));
  return { ...whole, upstreams: { ...upstreams, ...(fragment.upstreams as object) } };
}

const NAMES = [
  ...["pricing", "hooks", "configuration", "streaming", "upstreams", "browsers", "caching", "scaling"],
  ...["paywall", "discovery", "getting-started", "payments", "deploy/cloudflare"],
];
const BLOCKS = NAMES.flatMap((name) => blocksOf(`docs/${name}.md`));

it("there are blocks to be tried", () => {
  expect(BLOCKS.length).toBeGreaterThanOrEqual(11);
});

it.each(BLOCKS)("the configuration at %s is valid", async (_, block) => {
  const config = complete(toFragment(block));
  expect((await load(() => config, ENV, { files: FILES })).routes).toHaveLength(
    Object.keys(config.routes ?? {}).length,
  );
});
