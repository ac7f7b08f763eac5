/** A connection to the chain that signs with a key of its own and may be asked for many transactions at once. */
import type { Hex } from "viem";
import { createTestClient, http, publicActions, walletActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";

/** Connects to a chain of Base Sepolia's id; transactions are signed with the key. */
export function connectWallet(url: string, privateKey: Hex) {
  const client = createTestClient({
    mode: "anvil",
    account: privateKeyToAccount(privateKey),
    chain: baseSepolia,
    transport: http(url, { retryCount: 1 }),
    // Both default to seconds, and settling would take as long.
    pollingInterval: 20,
    cacheTime: 0,
  })
    .extend(publicActions)
    .extend(walletActions);
  const inTurn = createQueue();
  return {
    ...client,
    writeContract: ((args) => inTurn(() => client.writeContract(args))) as typeof client.writeContract,
    sendTransaction: ((args) => inTurn(() => client.sendTransaction(args))) as typeof client.sendTransaction,
  };
}

/**
 * Runs tasks one after the other. Transactions need that: viem's nonce manager hands a number out before it knows that
 * the transaction can be sent, and one that cannot leaves a gap in which all later ones hang.
 */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  };
}
