/** Reads token balances around a payment. */
import { type Address, createPublicClient, http } from "viem";
import { TOKEN_ABI } from "./token.ts";

/** Balances in atomic units; null where the chain could not be asked. */
export interface Balances {
  payer: bigint | null;
  payTo: bigint | null;
}

/** Whose balance of which token to read, and where. */
export interface BalanceQuery {
  rpcUrl: string;
  /** CAIP-2 network of the payment: another chain's balances would mislead. */
  network: string;
  asset: Address;
  payer: Address;
  payTo: Address;
}

/** Reads both balances; a chain that cannot be asked is no reason not to pay, so nothing is thrown. */
export async function readBalances(query: BalanceQuery): Promise<Balances> {
  const client = createPublicClient({
    transport: http(query.rpcUrl, { retryCount: 0, timeout: 3000 }),
    cacheTime: 0,
  });
  const balance = (account: Address) =>
    client.readContract({
      address: query.asset,
      abi: TOKEN_ABI,
      functionName: "balanceOf",
      args: [account],
    });
  try {
    if (`eip155:${await client.getChainId()}` !== query.network) return { payer: null, payTo: null };
    const [payer, payTo] = await Promise.all([balance(query.payer), balance(query.payTo)]);
    return { payer, payTo };
  } catch {
    return { payer: null, payTo: null };
  }
}
