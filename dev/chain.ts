/** A local chain that payers and facilitators cannot tell from Base Sepolia. */
import { type Address, type Hex, maxUint256 } from "viem";
import { minter } from "./accounts.ts";
import { startAnvil } from "./anvil.ts";
import artifacts from "./contracts/artifacts.json" with { type: "json" };
import { CHAIN_ID, EXACT_PROXY, MULTICALL3, PERMIT2, TOKEN, TOKEN_ABI, UPTO_PROXY } from "./token.ts";
import { connectWallet } from "./wallet.ts";

/** How to start the chain. */
export interface ChainOptions {
  /** Port on 127.0.0.1; by default one the system chooses. */
  port?: number;
  /** Seconds between blocks; by default every transaction gets its own block at once. */
  blockTime?: number;
}

/** A running local chain. */
export interface Chain {
  url: string;
  port: number;
  chainId: typeof CHAIN_ID;
  /** Address of the token. */
  token: Address;
  /** Gives an address new tokens (atomic units); resolves when they are there. */
  mint(address: Address, amount: bigint): Promise<void>;
  /** Lets Permit2 take all tokens of the account with that key, which it needs once to be paid from. */
  allowPermit2(privateKey: Hex): Promise<void>;
  /** Tokens an address holds, in atomic units. */
  balanceOf(address: Address): Promise<bigint>;
  /** Ends the chain; its state is gone. */
  close(): Promise<void>;
}

const CONTRACTS = [
  [TOKEN.address, artifacts.Token],
  [MULTICALL3, artifacts.Multicall3],
  [PERMIT2, artifacts.Permit2],
  [EXACT_PROXY, artifacts.ExactProxy],
  [UPTO_PROXY, artifacts.UptoProxy],
] as const;

/** Starts the chain with the token, Multicall3, Permit2 and x402's proxies in their places. */
export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const blocks = options.blockTime === undefined ? [] : ["--block-time", String(options.blockTime)];
  const anvil = await startAnvil(options.port ?? 0, ["--chain-id", String(CHAIN_ID), ...blocks]);
  const url = `http://127.0.0.1:${anvil.port}`;
  try {
    const client = connectWallet(url, minter.privateKey);
    for (const [address, { deployedBytecode }] of CONTRACTS)
      await client.setCode({ address, bytecode: deployedBytecode as Hex });
    const token = { address: TOKEN.address, abi: TOKEN_ABI } as const;
    const mint = async (address: Address, amount: bigint) => {
      const hash = await client.writeContract({ ...token, functionName: "mint", args: [address, amount] });
      await client.waitForTransactionReceipt({ hash });
    };
    const allowPermit2 = async (privateKey: Hex) => {
      const owner = connectWallet(url, privateKey);
      const args = [PERMIT2, maxUint256] as const;
      const hash = await owner.writeContract({ ...token, functionName: "approve", args });
      await owner.waitForTransactionReceipt({ hash });
    };
    const balanceOf = (address: Address) =>
      client.readContract({ ...token, functionName: "balanceOf", args: [address] });
    return {
      url,
      port: anvil.port,
      chainId: CHAIN_ID,
      token: TOKEN.address,
      mint,
      allowPermit2,
      balanceOf,
      close: anvil.close,
    };
  } catch (error) {
    await anvil.close();
    throw error;
  }
}
