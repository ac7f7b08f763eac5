/** The official client, set up to pay with one key and to keep what it agreed to. */
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { UptoEvmScheme } from "@x402/evm/upto/client";
import { x402Client } from "@x402/fetch";
import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { payer as defaultPayer } from "./accounts.ts";
import { type BalanceQuery, type Balances, readBalances } from "./balances.ts";
import { type Authorization, type Offer, type PayStep, readAuthorization, toOffer } from "./pay-wire.ts";

/** How to call and how to pay. */
export interface PayOptions {
  method?: string;
  /** Body to send; makes the method POST unless one is given. */
  data?: string;
  headers?: Record<string, string>;
  /** The payer's key; by default the development payer's. */
  privateKey?: Hex;
  /** Chain to read balances from. */
  rpcUrl?: string;
  /** Pay even what the client's own limits forbid (over one dollar, unknown tokens). */
  unlimited?: boolean;
  /** CAIP-2; offers on other networks are not paid. */
  network?: string;
  /** Dollars; what costs more is not paid. */
  maxPrice?: string;
  /** Asked before anything is signed; says why an offer is not to be paid. */
  approve?: (offer: Offer) => Promise<string | undefined>;
  /** Told each step as it happens. */
  onStep?: (step: PayStep) => void;
}

/** Where the development chain listens unless told otherwise. */
const LOCAL_CHAIN = "http://127.0.0.1:8545";

/** What the client agreed to, filled in as it does. */
export interface Deal {
  offer?: Offer;
  authorization?: Authorization;
  query?: BalanceQuery;
  before?: Balances;
}

/** A client that pays with the key of the options, and the deal it will make. */
export function createPayer(options: PayOptions, tell: (step: PayStep) => void) {
  const account = privateKeyToAccount(options.privateKey ?? defaultPayer.privateKey);
  const network = (options.network ?? "eip155:*") as `${string}:${string}`;
  const client = new x402Client()
    .register(network, new ExactEvmScheme(account))
    .register(network, new UptoEvmScheme(account));
  if (options.maxPrice !== undefined)
    client.setSpendControls({ maxAmountPerPayment: `$${options.maxPrice}` });
  if (options.unlimited) client.setSpendControls(false);
  const deal: Deal = {};
  client.onBeforePaymentCreation(async ({ selectedRequirements }) => {
    const offer = toOffer(selectedRequirements);
    deal.offer = offer;
    tell({ step: "offer", offer });
    const reason = await options.approve?.(offer);
    if (reason !== undefined) return { abort: true, reason };
    deal.query = {
      rpcUrl: options.rpcUrl ?? LOCAL_CHAIN,
      network: offer.network,
      asset: offer.asset as Address,
      payer: account.address,
      payTo: offer.payTo as Address,
    };
    deal.before = await readBalances(deal.query);
    tell({ step: "balances", when: "before", balances: deal.before });
  });
  client.onAfterPaymentCreation(async ({ paymentPayload }) => {
    const authorization = readAuthorization(paymentPayload.payload);
    if (!authorization) return;
    deal.authorization = authorization;
    tell({ step: "signed", authorization });
  });
  return { client, deal };
}

/** Calls the URL. @throws an error that says so when nothing answers */
export async function call(payingFetch: typeof fetch, url: string, options: PayOptions): Promise<Response> {
  const method = options.method ?? (options.data === undefined ? "GET" : "POST");
  const init: RequestInit = { method, headers: options.headers ?? {} };
  if (options.data !== undefined) init.body = options.data;
  try {
    // A payment is for the one who asked for it: following would hand it to wherever the answer points.
    return await payingFetch(url, { ...init, redirect: "manual" });
  } catch (error) {
    if (error instanceof Error && error.message.includes("spendControls"))
      throw new Error(
        options.maxPrice === undefined
          ? `The client's own limits forbid this payment; --max-price or --unlimited lifts them. ${error.message}`
          : `Nothing that is asked for is within --max-price ${options.maxPrice}. ${error.message}`,
      );
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(error instanceof TypeError) || !(cause instanceof Error)) throw error;
    const refused = "code" in cause && cause.code === "ECONNREFUSED";
    const reason = refused ? "Nothing listens there; is the gateway running?" : cause.message;
    throw new Error(`No answer from ${new URL(url).origin}. ${reason}`, { cause: error });
  }
}
