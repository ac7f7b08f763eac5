/** Asks any x402 gateway, from outside, what it does with many equal requests at once. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Hex } from "viem";
import { payFor, sendMany } from "./probe-client.ts";
import { countDuplicates, countLimited, type DuplicatesReport, type RateLimitReport } from "./probe-count.ts";
import { parseUrl } from "./url-argument.ts";

type Target = { url: string; path: string; atOnce: number; json?: true };

/** Presents one payment many times at once. @throws if the URL asks for no payment */
export async function probeDuplicates(url: string, atOnce: number, key?: Hex): Promise<DuplicatesReport> {
  const payment = await payFor(url, key);
  return countDuplicates(await sendMany(url, { "payment-signature": payment }, { total: atOnce, atOnce }));
}

/** Sends plain requests. */
export async function probeRateLimit(url: string, total: number, atOnce: number): Promise<RateLimitReport> {
  return countLimited(await sendMany(url, {}, { total, atOnce }));
}

/** The `probe` command. */
export function probeCommand(): Command {
  return new Command("probe")
    .description("see from outside what a gateway does with many equal requests at once")
    .addCommand(duplicatesCommand())
    .addCommand(rateLimitCommand());
}

function duplicatesCommand(): Command {
  return withTarget(new Command("duplicates"), "/weather")
    .description("present one payment many times at once; exit code 0 if exactly one was served and charged")
    .addOption(
      new Option("--key <hex>", "the payer's key (default: a public test key)")
        .env("PAYER_PRIVATE_KEY")
        .argParser(parseKey),
    )
    .addHelpText("after", examples("duplicates --url http://127.0.0.1:8787 --path /weather --at-once 50"))
    .action(async ({ url, path, atOnce, key, json }: Target & { key?: Hex }) => {
      const report = await probeDuplicates(new URL(path, url).href, atOnce, key);
      print(report, json, [
        `${report.presented} presentations of one payment: ${report.served} served`,
        ...rows(report.counts),
        `Transactions in receipts: ${report.transactions.join(", ") || "none"}`,
        "How often the upstream ran and what was settled without a receipt cannot be seen from here.",
      ]);
      process.exitCode = report.served === 1 && report.transactions.length <= 1 ? 0 : 1;
    });
}

function rateLimitCommand(): Command {
  return withTarget(new Command("rate-limit"), "/free")
    .description("send plain requests and count how many pass")
    .addOption(new Option("--requests <number>", "how many in all").argParser(parseCount).default(1000))
    .addHelpText(
      "after",
      examples("rate-limit --url http://127.0.0.1:8787 --path /free --requests 1000 --json"),
    )
    .action(async ({ url, path, atOnce, requests, json }: Target & { requests: number }) => {
      const report = await probeRateLimit(new URL(path, url).href, requests, atOnce);
      const { sent, passed, limited, counts, headers } = report;
      const seen = Object.entries(headers).map(
        ([name, { first, last, distinct }]) =>
          [name, `${first} ... ${last} (${distinct} different)`] as const,
      );
      print(report, json, [
        `${sent} requests: ${passed} passed, ${limited} limited`,
        ...rows(counts),
        seen.length > 0 ? "Rate limit headers, first ... last" : "No rate limit headers",
        ...rows(Object.fromEntries(seen)),
      ]);
    });
}

function withTarget(command: Command, path: string): Command {
  return command
    .requiredOption("--url <url>", "the gateway", parseUrl)
    .option("--path <path>", "what to call there", path)
    .addOption(new Option("--at-once <number>", "requests in flight").argParser(parseCount).default(50))
    .option("--json", "print the report as JSON, and nothing else");
}

const examples = (line: string) => `\nExample:\n  $ node dev/probe.ts ${line}`;

const rows = (fields: Record<string, string | number>): string[] =>
  Object.entries(fields).map(([name, value]) => `  ${name.padEnd(28)}${value}`);

function print(report: object, json: true | undefined, lines: string[]): void {
  console.log(json ? JSON.stringify(report, undefined, 2) : lines.join("\n"));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("A number from 1 on.");
  return count;
}

function parseKey(text: string): Hex {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError("A key is 0x and 64 hex digits.");
  return text as Hex;
}

if (import.meta.main) {
  await probeCommand()
    .parseAsync()
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    });
}
