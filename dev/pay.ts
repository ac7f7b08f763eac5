/** Pays a URL as a customer would: with the official x402 client. */
import { wrapFetchWithPayment } from "@x402/fetch";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Hex } from "viem";
import { type Balances, readBalances } from "./balances.ts";
import { call, createPayer, LOCAL_CHAIN, type PayOptions } from "./pay-client.ts";
import { describe } from "./pay-report.ts";
import {
  type Authorization,
  type Offer,
  type PayStep,
  type Receipt,
  readAnswer,
  readVerdict,
} from "./pay-wire.ts";

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

interface CommandOptions {
  method?: string;
  data?: string;
  header?: Record<string, string>;
  privateKey?: Hex;
  rpcUrl: string;
  unlimited?: boolean;
  json?: boolean;
}

/** The `pay <url>` command. It sets the exit code: 0 if the call succeeded and its price, if any, was paid; else 1. */
export function payCommand(): Command {
  const key = new Option("-k, --private-key <hex>", "the payer's key (default: a public test key)");
  return new Command("pay")
    .description("call a URL with the official x402 client, and pay if it asks for it")
    .argument("<url>", "what to call", parseUrl)
    .option("-X, --method <method>", "HTTP method (default: GET, or POST with --data)")
    .option("-d, --data <body>", "request body")
    .option("-H, --header <name: value>", "request header; may be repeated", addHeader)
    .addOption(key.env("PAYER_PRIVATE_KEY").argParser(parseKey))
    .option("--rpc-url <url>", "chain to read balances from", LOCAL_CHAIN)
    .option("--unlimited", "pay even more than a dollar, or in an unknown token")
    .option("--json", "print the result as JSON, and nothing else")
    .action(runPay);
}

async function runPay(url: string, { json, header, ...options }: CommandOptions): Promise<void> {
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const toText = (value: object) =>
    JSON.stringify(value, (_, field) => (typeof field === "bigint" ? String(field) : field), 2);
  try {
    const onStep = json ? {} : { onStep: (step: PayStep) => print(describe(step).join("\n")) };
    const result = await pay(url, { ...options, headers: header ?? {}, ...onStep });
    if (json) print(toText(result));
    process.exitCode = result.ok ? 0 : 1;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (json) print(toText({ ok: false, error: message }));
    else process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  }
}

function parseUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError("It must start with http:// or https://.");
  return text;
}

function parseKey(text: string): Hex {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError("A key is 0x and 64 hex digits.");
  return text as Hex;
}

function addHeader(text: string, headers: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("Write it as name: value.");
  return { ...headers, [name]: value };
}

if (import.meta.main) await payCommand().parseAsync();
