/** Pays a URL as a customer would: with the official x402 client. */
import { wrapFetchWithPayment } from "@x402/fetch";
import { type Balances, readBalances } from "./balances.ts";
import { call, createPayer, type PayOptions } from "./pay-client.ts";
import { type Authorization, type Offer, type Receipt, readAnswer, readVerdict } from "./pay-wire.ts";

/** What came of it. */
export interface PayResult {
  /** The call succeeded, and if it had a price, a receipt says that the price was paid. */
  ok: boolean;
  status: number;
  /** The start of the body, 2 kB of it. */
  body: string;
  offer?: Offer;
  authorization?: Authorization;
  receipt?: Receipt;
  /** Why the payment was not taken. */
  refusal?: string;
  balances?: { before: Balances; after: Balances };
}

/** Calls a URL and pays if it asks for it. @throws if nothing answers, or the client will not pay what is asked */
export async function pay(url: string, options: PayOptions = {}): Promise<PayResult> {
  const tell = options.onStep ?? (() => {});
  const { client, deal } = createPayer(options, tell);
  const response = await call(wrapFetchWithPayment(fetch, client), url, options);
  const answer = await readAnswer(response);
  tell({ step: "answer", answer });
  const verdict = readVerdict(response);
  if (verdict.receipt) tell({ step: "receipt", receipt: verdict.receipt });
  if (verdict.refusal !== undefined) tell({ step: "refused", reason: verdict.refusal });
  const { query, before, ...terms } = deal;
  const deferred = response.headers.get("x-tollbooth-settlement-deferred");
  if (deferred !== null) tell({ step: "deferred", reason: deferred });
  const paid = verdict.receipt?.success === true || deferred !== null;
  const ok = response.status < 400 && (!deal.offer || paid);
  const result = { ok, status: answer.status, body: answer.body, ...terms, ...verdict };
  if (!query || !before) return result;
  const after = await readBalances(query);
  tell({ step: "balances", when: "after", balances: after });
  return { ...result, balances: { before, after } };
}
