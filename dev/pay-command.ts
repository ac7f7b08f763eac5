/** `tollbooth pay`: calls a URL as a customer would, with the local payer or with a key of one's own. */
import { Command, InvalidArgumentError } from "commander";
import type { Hex } from "viem";
import { CommandError, UsageError } from "../src/cli/config-file.ts";
import { isTestNetwork } from "../src/cli/init/answers.ts";
import { confirm, hideSecrets, noteSecrets, plain, printJson } from "../src/cli/terminal.ts";
import { parsePrice } from "../src/core/money.ts";
import { toCaip2 } from "../src/core/networks.ts";
import { assertInstalled, NEEDED } from "./needs.ts";
import type { Offer, PayStep } from "./pay-wire.ts";
import { parseUrl } from "./url-argument.ts";

interface CommandOptions {
  method?: string;
  data?: string;
  header?: Record<string, string>;
  keyEnv?: string;
  network?: string;
  maxPrice?: string;
  yes?: boolean;
  rpcUrl?: string;
  unlimited?: boolean;
  json?: boolean;
}

/** Read when it is set and no other variable is named. */
const KEY_VARIABLE = "PAYER_PRIVATE_KEY";

const EXAMPLES = `
Examples:
  tollbooth pay http://127.0.0.1:8787/weather
  tollbooth pay http://127.0.0.1:8787/echo --data '{"a":1}' --header "content-type: application/json"
  PAYER_KEY=0x… tollbooth pay https://api.example.com/weather --key-env PAYER_KEY --network base --max-price 0.05`;

/** The command. Exit code 0 if the call succeeded and its price, if any, was paid; else 1. */
export function payCommand(): Command {
  return new Command("pay")
    .description("call a URL with the official x402 client, and pay if it asks for it")
    .argument("<url>", "what to call", parseUrl)
    .option("-X, --method <method>", "HTTP method (default: GET, or POST with --data)")
    .option("-d, --data <body>", "request body")
    .option("-H, --header <name: value>", "request header; may be repeated", addHeader)
    .option(
      "--key-env <name>",
      `variable with the payer's private key, never an argument (default: ${KEY_VARIABLE}, else a public test key)`,
    )
    .option("--network <network>", "pay on this network only, e.g. base or eip155:8453", parseNetwork)
    .option(
      "--max-price <dollars>",
      "refuse what costs more (default: $1); must be said to pay real money without a terminal",
      parseMaxPrice,
    )
    .option("-y, --yes", "do not ask before real money is paid; takes --max-price")
    .option("--rpc-url <url>", "chain to read balances from (default: the local one, http://127.0.0.1:8545)")
    .option("--unlimited", "pay even more than a dollar, or in an unknown token; not with a --max-price")
    .option("--json", "print the result as JSON, and nothing else")
    .addHelpText("after", EXAMPLES)
    .action(runPay);
}

async function runPay(url: string, options: CommandOptions): Promise<void> {
  const { json, header, keyEnv, yes, unlimited, ...rest } = options;
  if (unlimited && rest.maxPrice !== undefined)
    throw new UsageError("--unlimited and --max-price exclude each other.");
  const privateKey = keyOf(keyEnv);
  assertInstalled("pay", NEEDED.pay);
  const [{ pay }, { describe }] = await Promise.all([import("./pay.ts"), import("./pay-report.ts")]);
  const own = privateKey !== undefined;
  const onStep = (step: PayStep) => console.log(describe(step).join("\n"));
  try {
    const result = await pay(url, {
      ...rest,
      headers: header ?? {},
      ...(own ? { privateKey, approve: (offer) => approve(offer, options) } : {}),
      ...(unlimited ? { unlimited } : {}),
      ...(json ? {} : { onStep }),
    });
    if (json) printJson(result);
    process.exitCode = result.ok ? 0 : 1;
  } catch (error) {
    const message = hideSecrets(error instanceof Error ? error.message : String(error));
    if (json) printJson({ ok: false, error: message });
    else console.error(message.split("\n").map(plain).join("\n"));
    process.exitCode = 1;
  }
}

/** Why an offer is not paid; undefined when it is. Money that is worth nothing is paid without a word. */
async function approve(offer: Offer, { maxPrice, yes, json }: CommandOptions): Promise<string | undefined> {
  const { network } = offer;
  if (isTestNetwork(network) || (maxPrice !== undefined && yes)) return undefined;
  const terminal = process.stdin.isTTY && !json;
  if (terminal && !yes) {
    const { questionFor } = await import("./pay-report.ts");
    return (await confirm(questionFor(offer))) ? undefined : "Nothing was paid.";
  }
  if (maxPrice !== undefined) return undefined;
  return `This is real money (${network}): say --max-price, in dollars. Nothing was paid.`;
}

/** The key in a variable. @throws CommandError without the key in its words */
function keyOf(named: string | undefined): Hex | undefined {
  const name = named ?? KEY_VARIABLE;
  const key = process.env[name];
  if (!key && named === undefined) return undefined;
  if (!key) throw new CommandError(`The variable ${name} is not set.`);
  noteSecrets({ [`${name}_SECRET`]: key });
  if (!/^0x[0-9a-fA-F]{64}$/.test(key))
    throw new CommandError(`The variable ${name} holds no key: it is 0x and 64 hex digits.`);
  return key as Hex;
}

function parseNetwork(text: string): string {
  const network = toCaip2(text);
  if (!network?.startsWith("eip155:"))
    throw new InvalidArgumentError("Write a name (base, base-sepolia) or CAIP-2 (eip155:8453).");
  return network;
}

function parseMaxPrice(text: string): string {
  const price = parsePrice(text);
  if (!price || price.symbol !== undefined) throw new InvalidArgumentError("Write dollars, like 0.05.");
  return text.replace(/^\$|\s*USD$/gi, "");
}

function addHeader(text: string, headers: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("Write it as name: value.");
  return { ...headers, [name]: value };
}
