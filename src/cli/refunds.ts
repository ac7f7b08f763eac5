/** `tollbooth refunds`: what hooks have said is owed back, for the operator to send. */
import type { Command } from "commander";
import type { Compiled } from "../core/compiled.ts";
import { Refund } from "../core/refund.ts";
import { openAdmin, StoreFault } from "../stores/admin.ts";
import { refundsKey } from "../stores/refunds.ts";
import { readCompiled } from "./compiled.ts";
import { CommandError, type ConfigOptions, configured } from "./config-file.ts";

type Options = ConfigOptions & { month?: string; json?: boolean };

/** The command. */
export function refundsCommand(): Command {
  return configured("refunds")
    .description("list the refunds that hooks have recorded; sends no money")
    .option("-m, --month <yyyy-mm>", "of that month, UTC (default: this one)")
    .option("--json", "print the refunds as JSON")
    .addHelpText("after", "\nExample:\n  tollbooth refunds --month 2026-11 --json")
    .action(async ({ month, json, ...options }: Options) => {
      const refunds = await listRefunds(await readCompiled(options), month);
      console.log(json ? JSON.stringify(refunds, null, 2) : render(refunds));
    });
}

/** A month's refunds, oldest first. @throws CommandError */
export async function listRefunds(
  { stores }: Compiled,
  month = new Date().toISOString().slice(0, 7),
): Promise<Refund[]> {
  if (!/^\d{4}-(?:0[1-9]|1[0-2])$/.test(month)) {
    throw new CommandError(`"${month}" is not a month. Write it like 2026-11.`);
  }
  const connection = stores.verificationCache;
  if (!connection) throw new CommandError("The configuration has no store, so there are no refunds.");
  try {
    const fields = await openAdmin(connection).fields(refundsKey(connection.prefix, month));
    const refunds = Object.entries(fields).map(([spend, text]) => read(spend, text));
    return refunds.sort((a, b) => a.time.localeCompare(b.time));
  } catch (error) {
    throw error instanceof StoreFault ? new CommandError(`The store: ${error.message}.`) : error;
  }
}

/** One that cannot be read is money that is owed: it is not passed over. */
function read(spend: string, text: string): Refund {
  try {
    return Refund.parse({ ...JSON.parse(text), spend });
  } catch {
    throw new CommandError(`The refund of payment ${spend} cannot be read: ${text.slice(0, 300)}`);
  }
}

function render(refunds: Refund[]): string {
  const lines = refunds.map(
    ({ time, amount, asset, network, payer, payTo, route, reason, transaction }) =>
      `${time}  ${amount} of ${asset} on ${network}, from ${payTo} to ${payer}\n` +
      `      ${route}: ${reason}; paid in ${transaction}`,
  );
  return [...lines, refunds.length === 1 ? "1 refund" : `${refunds.length} refunds`].join("\n");
}
