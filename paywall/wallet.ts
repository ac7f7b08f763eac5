/** Wallets in the browser: finding them (EIP-6963, else `window.ethereum`) and asking them (EIP-1193). */
import type { Way } from "../src/paywall/data.ts";

/** EIP-1193. */
export type Provider = { request: (asked: { method: string; params?: unknown[] }) => Promise<unknown> };

/** A wallet as it announces itself; all of it is foreign input. */
export type Wallet = { name: string; icon: string; provider: Provider };

declare global {
  interface Window {
    ethereum?: Provider;
  }
}

/** A sentence for the visitor. */
export class Trouble extends Error {}

/** Calls back with every wallet that is known so far, now and whenever one more announces itself. */
export function findWallets(found: (wallets: Wallet[]) => void): void {
  const wallets = new Map<string, Wallet>();
  const tell = () => {
    const { ethereum } = window;
    const alone = ethereum ? [{ name: "your wallet", icon: "", provider: ethereum }] : [];
    found(wallets.size > 0 ? [...wallets.values()] : alone);
  };
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = (event as CustomEvent).detail ?? {};
    if (!info || !provider || wallets.has(info.uuid)) return;
    wallets.set(info.uuid, { name: String(info.name), icon: String(info.icon), provider });
    tell();
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  // Injected late, by wallets that know EIP-1193 only.
  window.addEventListener("ethereum#initialized", tell);
  if (wallets.size === 0) tell();
}

/** The account that the visitor lets the page see. */
export async function accountOf({ provider }: Wallet): Promise<string> {
  const accounts = (await provider.request({ method: "eth_requestAccounts" })) as string[];
  if (!accounts[0]) throw new Trouble("The wallet shows no account. Unlock it, and try again.");
  return accounts[0];
}

const chainOf = ({ requirements }: Way) => Number(requirements.network.split(":")[1]);

/** Brings the wallet to the network of the payment. */
export async function switchTo({ provider }: Wallet, way: Way): Promise<void> {
  const isThere = async () => Number(await provider.request({ method: "eth_chainId" })) === chainOf(way);
  if (await isThere()) return;
  const chainId = `0x${chainOf(way).toString(16)}`;
  const change = () => provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  try {
    await change();
  } catch (error) {
    if (codeOf(error) !== 4902) throw error;
    if (!way.rpc) throw new Trouble(`Your wallet does not know ${way.network}. Add it there, and try again.`);
    const known = {
      chainId,
      chainName: way.network,
      rpcUrls: [way.rpc],
      nativeCurrency: { name: way.coin, symbol: way.coin, decimals: 18 },
      ...(way.explorer ? { blockExplorerUrls: [way.explorer] } : {}),
    };
    await provider.request({ method: "wallet_addEthereumChain", params: [known] });
    if (!(await isThere())) await change();
  }
  if (!(await isThere()))
    throw new Trouble(`Your wallet is on another network. Switch it to ${way.network}, and try again.`);
}

/** What the account has of the token, atomic units; undefined when the wallet cannot tell. */
export async function balanceOf(
  { provider }: Wallet,
  way: Way,
  account: string,
): Promise<bigint | undefined> {
  const data = `0x70a08231${account.slice(2).padStart(64, "0")}`;
  const call = [{ to: way.requirements.asset, data }, "latest"];
  try {
    return BigInt((await provider.request({ method: "eth_call", params: call })) as string);
  } catch {
    return undefined;
  }
}

/** What went wrong, in plain words. */
export function wordsOf(error: unknown): string {
  if (error instanceof Trouble) return error.message;
  const code = codeOf(error);
  if (code === 4001) return "You declined it in the wallet. Nothing was charged.";
  if (code === -32002) return "Your wallet is waiting for you: open it, and answer its question there.";
  const { message } = error as { message?: unknown };
  return `The wallet could not do it, and nothing was charged. It says: ${String(message ?? error)}`;
}

/** MetaMask's mobile app puts another error around the one that counts. */
function codeOf(error: unknown): unknown {
  const { code, data } = (error ?? {}) as { code?: unknown; data?: { originalError?: { code?: unknown } } };
  return data?.originalError?.code ?? code;
}
