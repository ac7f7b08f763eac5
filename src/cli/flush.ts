/** `tollbooth flush`: deletes the gateway's own keys, found by their prefix; never the database. */
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { isPrefix } from "../config/stores.ts";
import type { Compiled, RedisConnection } from "../core/route.ts";
import { type Admin, openAdmin, StoreFault } from "../stores/admin.ts";
import { connectionsOf, readCompiled } from "./compiled.ts";
import { CommandError, type ConfigOptions, configured } from "./config-file.ts";

type Options = ConfigOptions & { prefix: string; yes?: boolean };
type Found = { url: string; admin: Admin; keys: string[] };

/** What the command needs of the terminal; tests stand in for it. */
export type Terminal = {
  say: (line: string) => void;
  /** Undefined without a terminal: then nobody can be asked. */
  confirm: ((question: string) => Promise<boolean>) | undefined;
};

const BATCH = 500;
/** Listing and deleting may take a store longer than a call may wait for it. */
const PATIENCE_MS = 30_000;
const PROGRESS_EVERY_MS = 1000;

/** The command. */
export function flushCommand(): Command {
  return configured("flush")
    .description("delete the gateway's own keys from its stores, by their prefix; asks first")
    .requiredOption("-p, --prefix <prefix>", "a prefix of the configuration, or one below it (tollbooth:rl)")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", "\nExample:\n  tollbooth flush --prefix tollbooth:rl")
    .action(async (options: Options) => {
      const confirm = process.stdin.isTTY ? ask : undefined;
      await flush(await readCompiled(options), options, { say: (line) => console.error(line), confirm });
    });
}

/** Counts, asks, deletes. @throws CommandError when it may not or the store does not let it */
export async function flush(
  compiled: Compiled,
  { prefix: written, yes = false }: Pick<Options, "prefix" | "yes">,
  terminal: Terminal,
): Promise<void> {
  const prefix = checkPrefix(written, compiled);
  try {
    const found = await count(ownersOf(prefix, compiled), `${prefix}:`, terminal);
    const total = found.reduce((sum, { keys }) => sum + keys.length, 0);
    if (total === 0) return terminal.say(`There are no keys under ${prefix}: to delete.`);
    warn(found, prefix, terminal);
    if (!yes) await consent(total, terminal);
    let deleted = 0;
    const progress = every(PROGRESS_EVERY_MS, () => terminal.say(`deleted ${deleted} of ${total} …`));
    for (const { admin, keys } of found) {
      for (let i = 0; i < keys.length; i += BATCH) {
        deleted += await admin.remove(keys.slice(i, i + BATCH));
        progress();
      }
    }
    terminal.say(`Deleted ${deleted} keys.`);
  } catch (error) {
    throw error instanceof StoreFault ? new CommandError(`The store: ${error.message}.`) : error;
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

async function count(owners: RedisConnection[], start: string, { say }: Terminal): Promise<Found[]> {
  const found: Found[] = [];
  for (const connection of owners) {
    const admin = openAdmin({ ...connection, timeoutMs: PATIENCE_MS });
    let soFar = 0;
    const progress = every(PROGRESS_EVERY_MS, () => say(`found ${soFar} keys …`));
    const keys = await admin.keysUnder(start, (n) => {
      soFar = n;
      progress();
    });
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

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answer = await Promise.race([lines.question(question), ended]);
  lines.close();
  return /^y(?:es)?$/i.test(answer.trim());
}

function every(ms: number, tell: () => void): () => void {
  let last = Date.now();
  return () => {
    if (Date.now() - last < ms) return;
    last = Date.now();
    tell();
  };
}
