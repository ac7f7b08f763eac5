/** `tollbooth flush`: deletes the gateway's own keys, found by their prefix; never the database. */
import type { Command } from "commander";
import { isPrefix } from "../config/stores.ts";
import type { Compiled, RedisConnection } from "../core/compiled.ts";
import { type Admin, openAdmin, StoreFault } from "../stores/admin.ts";
import { connectionsOf, readCompiled } from "./compiled.ts";
import { CommandError, type ConfigOptions, configured } from "./config-file.ts";
import { confirm, type Progress, printJson, startProgress } from "./terminal.ts";

type Options = ConfigOptions & { prefix: string; yes?: boolean; json?: boolean };
type Found = { url: string; admin: Admin; keys: string[] };

/** What the command needs of the terminal; tests stand in for it. */
export type Terminal = {
  say: (line: string) => void;
  /** How far long work is. */
  progress: Progress;
  /** Undefined without a terminal: then nobody can be asked. */
  confirm: ((question: string) => Promise<boolean>) | undefined;
};

const BATCH = 500;
/** Listing and deleting may take a store longer than a call may wait for it. */
const PATIENCE_MS = 30_000;

/** The command. */
export function flushCommand(): Command {
  return configured("flush")
    .description("delete the gateway's own keys from its stores, by their prefix; asks first")
    .requiredOption("-p, --prefix <prefix>", "a prefix of the configuration, or one below it (tollbooth:rl)")
    .option("-y, --yes", "do not ask")
    .option("--json", "print { prefix, deleted } as JSON")
    .addHelpText("after", "\nExample:\n  tollbooth flush --prefix tollbooth:rl")
    .action(async ({ json, ...options }: Options) => {
      const terminal = {
        say: (line: string) => console.error(line),
        progress: startProgress(),
        confirm: process.stdin.isTTY && !json ? confirm : undefined,
      };
      const deleted = await flush(await readCompiled(options), options, terminal);
      if (json) printJson({ prefix: options.prefix, deleted });
    });
}

/** Counts, asks, deletes; gives how many keys that were. @throws CommandError when it may not or the store does not let it */
export async function flush(
  compiled: Compiled,
  { prefix: written, yes = false }: Pick<Options, "prefix" | "yes">,
  terminal: Terminal,
): Promise<number> {
  const prefix = checkPrefix(written, compiled);
  try {
    const found = await count(ownersOf(prefix, compiled), `${prefix}:`, terminal);
    const total = found.reduce((sum, { keys }) => sum + keys.length, 0);
    if (total === 0) {
      terminal.say(`There are no keys under ${prefix}: to delete.`);
      return 0;
    }
    warn(found, prefix, terminal);
    if (!yes) await consent(total, terminal);
    let deleted = 0;
    for (const { admin, keys } of found) {
      for (let i = 0; i < keys.length; i += BATCH) {
        deleted += await admin.remove(keys.slice(i, i + BATCH));
        terminal.progress.show(`deleted ${deleted} of ${total} …`);
      }
    }
    terminal.progress.end();
    terminal.say(`Deleted ${deleted} keys.`);
    return deleted;
  } catch (error) {
    throw error instanceof StoreFault ? new CommandError(`The store: ${error.message}.`) : error;
  } finally {
    terminal.progress.end();
  }
}

function checkPrefix(written: string, compiled: Compiled): string {
  if (!isPrefix(written)) {
    const reason = "would reach keys that are not the gateway's; use letters, digits and . : _ -";
    throw new CommandError(written === "" ? "The prefix is empty." : `The prefix "${written}" ${reason}.`);
  }
  const prefix = written.replace(/:+$/, "");
  if (ownersOf(prefix, compiled).length > 0) return prefix;
  const known = [...new Set(connectionsOf(compiled).map((connection) => connection.prefix))];
  const hint = known.length > 0 ? `its prefixes: ${known.join(", ")}` : "it has no store";
  throw new CommandError(`"${prefix}" is not a prefix of this configuration (${hint}).`);
}

/** The stores that have keys of their own under this prefix, each once. */
function ownersOf(prefix: string, compiled: Compiled): RedisConnection[] {
  const own = connectionsOf(compiled).filter(({ prefix: base }) => `${prefix}:`.startsWith(`${base}:`));
  return [...new Map(own.map((connection) => [connection.url, connection])).values()];
}

async function count(owners: RedisConnection[], start: string, { progress }: Terminal): Promise<Found[]> {
  const found: Found[] = [];
  for (const connection of owners) {
    const admin = openAdmin({ ...connection, timeoutMs: PATIENCE_MS });
    const keys = await admin.keysUnder(start, (soFar) => progress.show(`found ${soFar} keys …`));
    progress.end();
    found.push({ url: connection.url, admin, keys });
  }
  return found;
}

function warn(found: Found[], prefix: string, { say }: Terminal): void {
  const records = found.flatMap(({ keys }) => keys.filter((key) => key.includes(":verify:"))).length;
  for (const { url, keys } of found) say(`${url}: ${keys.length} keys under ${prefix}:`);
  if (found.some(({ keys }) => keys.some((key) => key.includes(":ledger:refunds:")))) {
    say('Among them is the list of refunds that you owe: "tollbooth refunds --json" prints it.');
  }
  if (found.some(({ keys }) => keys.some((key) => /:ledger:\d/.test(key)))) {
    say('Among them is the ledger: "tollbooth stats --csv ledger.csv" writes it down.');
  }
  if (records === 0) return;
  say(
    `${records} of them are payment records. Without its record a payment that was used could be presented`,
  );
  say("again, and what a payer has paid for and not yet received cannot be collected any more.");
  say("Stop the gateway first, or wait until the payments in hand have ended.");
}

async function consent(total: number, { confirm }: Terminal): Promise<void> {
  if (!confirm) throw new CommandError("Nothing was deleted: there is no terminal to ask on. Use --yes.");
  if (!(await confirm(`Delete ${total} keys? [y/N] `))) throw new CommandError("Nothing was deleted.");
}
