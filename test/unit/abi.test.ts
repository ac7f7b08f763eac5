import { encodeEventTopics, encodeFunctionData, parseAbi, toEventSelector, toFunctionSelector } from "viem";
import { expect, it } from "vitest";
import * as abi from "../../src/chain/abi.ts";
import { PAYER } from "./call.ts";

const PERMIT = "((address,uint256),uint256,uint256)";
const ALLOWANCE = "(uint256,uint256,bytes32,bytes32,uint8)";

it("what is encoded by hand is what viem makes of the signatures", () => {
  expect({
    AUTHORIZATION_STATE: toFunctionSelector("authorizationState(address,bytes32)"),
    NONCE_BITMAP: toFunctionSelector("nonceBitmap(address,uint256)"),
    SETTLE_EXACT: toFunctionSelector(`settle(${PERMIT},address,(address,uint256),bytes)`),
    SETTLE_EXACT_WITH_PERMIT: toFunctionSelector(
      `settleWithPermit(${ALLOWANCE},${PERMIT},address,(address,uint256),bytes)`,
    ),
    SETTLE_UPTO: toFunctionSelector(`settle(${PERMIT},uint256,address,(address,address,uint256),bytes)`),
    SETTLE_UPTO_WITH_PERMIT: toFunctionSelector(
      `settleWithPermit(${ALLOWANCE},${PERMIT},uint256,address,(address,address,uint256),bytes)`,
    ),
    USED: toEventSelector("AuthorizationUsed(address,bytes32)"),
    CANCELED: toEventSelector("AuthorizationCanceled(address,bytes32)"),
    TRANSFER: toEventSelector("Transfer(address,address,uint256)"),
  }).toEqual(Object.fromEntries(Object.entries(abi).filter(([, value]) => typeof value === "string")));
});

it("calls and topics are words behind a selector", () => {
  const calls = parseAbi([
    "function nonceBitmap(address owner, uint256 word) view returns (uint256)",
    "event Transfer(address indexed from, address indexed to, uint256 value)",
  ]);
  const data = abi.NONCE_BITMAP + abi.word(PAYER) + abi.word(2n ** 240n + 5n);
  const args = [PAYER, 2n ** 240n + 5n] as const;
  expect(data).toBe(encodeFunctionData({ abi: calls, functionName: "nonceBitmap", args }));
  expect(abi.argument(data, 0)).toBe(abi.word(PAYER));
  expect(abi.argument(data, 1)).toBe(abi.word(2n ** 240n + 5n));
  expect(abi.argument(data, 2)).toBe("");
  const topics = [abi.TRANSFER, `0x${abi.word(PAYER)}`, `0x${abi.word(PAYER)}`];
  expect(topics).toEqual(
    encodeEventTopics({ abi: calls, eventName: "Transfer", args: { from: PAYER, to: PAYER } }),
  );
});
