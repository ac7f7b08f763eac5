/** Everything a gateway needs around it, on this machine: store, chain, facilitator, upstream, a payer with money. */
import { payer, seller } from "./accounts.ts";
import { startChain } from "./chain.ts";
import { startFacilitator } from "./facilitator.ts";
import { startRedis } from "./redis.ts";
import { startUpstream } from "./upstream.ts";

/** Ports of the parts; 0 takes a free one. */
export type StackPorts = {
  redisPort: number;
  chainPort: number;
  facilitatorPort: number;
  upstreamPort: number;
};

/** A running stack. */
export type Stack = {
  /** The variables that the project's `tollbooth.config.ts` names. */
  vars: Record<string, string>;
  /** One line per part, for people. */
  summary: string[];
  chain: Awaited<ReturnType<typeof startChain>>;
  /** Ends every part; more calls are harmless. */
  close: () => Promise<void>;
};

/** What the payer starts with, atomic units: 100 USDC. */
const FUNDS = 100_000_000n;

/** Starts the parts and waits until each answers; if one does not start, the others are ended. */
export async function startStack(ports: StackPorts): Promise<Stack> {
  const parts: { close: () => Promise<void> }[] = [];
  const close = async () => {
    for (const part of parts.splice(0).reverse()) await part.close();
  };
  const keep = <Part extends { close: () => Promise<void> }>(part: Part) => {
    parts.push(part);
    return part;
  };
  try {
    const redis = keep(await startRedis({ bridgePort: ports.redisPort }));
    const chain = keep(await startChain({ port: ports.chainPort }));
    const facilitator = keep(await startFacilitator({ rpcUrl: chain.url, port: ports.facilitatorPort }));
    const upstream = keep(await startUpstream({ port: ports.upstreamPort }));
    await chain.mint(payer.address, FUNDS);
    await chain.allowPermit2(payer.privateKey);
    const vars = {
      PAY_TO: seller.address,
      FACILITATOR_URL: facilitator.url,
      RPC_URL: chain.url,
      UPSTREAM_URL: upstream.url,
      UPSTASH_REDIS_REST_URL: redis.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
    };
    const memory = redis.kind === "external" ? "" : ", in memory: gone on exit";
    const summary = [
      `store        ${redis.url} (Upstash REST over ${redis.kind}${memory})`,
      `chain        ${chain.url} (anvil as Base Sepolia, id ${chain.chainId})`,
      `facilitator  ${facilitator.url}`,
      `upstream     ${upstream.url}`,
      `payer        ${payer.address} has ${FUNDS / 1_000_000n} USDC`,
    ];
    return { vars, summary, chain, close };
  } catch (error) {
    await close();
    throw error;
  }
}
