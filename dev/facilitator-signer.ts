/** The facilitator's way to the chain, made safe for the time when the chain does not answer. */
import { AsyncLocalStorage } from "node:async_hooks";
import { toFacilitatorEvmSigner } from "@x402/evm";
import type { Hex, VerifyTypedDataParameters } from "viem";
import { connectWallet } from "./wallet.ts";

/**
 * Connects the SDK's facilitator to a chain.
 *
 * The SDK (2.27) reads the asset's code in a promise that it forgets when it returns early: if that read fails, the
 * rejection is unhandled and ends the process. And where the payer's code cannot be read, it calls the signature
 * invalid, which is not known. So a failed read is kept aside and becomes the failure of the whole request.
 *
 * @returns the signer for the SDK, and `guarded`, in which its `verify` and `settle` have to run
 */
export function createSigner(rpcUrl: string, privateKey: Hex) {
  const wallet = connectWallet(rpcUrl, privateKey);
  const failures = new AsyncLocalStorage<unknown[]>();
  const throwFailure = (list: unknown[] = []) => {
    if (list.length > 0) throw list[0];
  };
  const signer = toFacilitatorEvmSigner({
    ...wallet,
    address: wallet.account.address,
    verifyTypedData: (args) => wallet.verifyTypedData(args as VerifyTypedDataParameters),
    getCode: async (args) => {
      try {
        return await wallet.getCode(args);
      } catch (error) {
        failures.getStore()?.push(error);
        return undefined;
      }
    },
    writeContract: async (args) => {
      throwFailure(failures.getStore());
      return wallet.writeContract(args);
    },
  });
  const guarded = async <T>(run: () => Promise<T>): Promise<T> => {
    const list: unknown[] = [];
    const result = await failures.run(list, run);
    throwFailure(list);
    return result;
  };
  return { signer, guarded };
}
