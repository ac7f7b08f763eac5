/** `tollbooth credits`: what is left of prepaid credits, and taking them away. */
import { Command } from "commander";
import type { Compiled } from "../core/compiled.ts";
import type { Balance } from "../core/stores.ts";
import { balancesOf } from "../stores/balance.ts";
import { openStores } from "../stores/stores.ts";
import { onStores, readCompiled } from "./compiled.ts";
import { type ConfigOptions, configured } from "./config-file.ts";
import { type Place, placesOf } from "./sessions.ts";

type Options = ConfigOptions & { json?: boolean };

/** An account that has not ended. */
export type Account = Omit<Place, "id"> & Balance;

const WHO = "a token, or a payer's address (0x…): all accounts of that payer";

/** The command. */
export function creditsCommand(): Command {
  const show = configured("show")
    .description("how many credits are left, and until when they can be used")
    .argument("<who>", WHO)
    .option("--json", "print a list of { group, network, left, endsAt } as JSON")
    .action(async (who: string, options: Options) => {
      const accounts = await showCredits(await readCompiled(options), who);
      console.log(options.json ? JSON.stringify(accounts) : textOf(accounts));
    });
  const revoke = configured("revoke")
    .description("take away all credits of a token's account, or of a payer; what was paid is not paid back")
    .argument("<who>", WHO)
    .option("--json", "print { revoked } as JSON")
    .action(async (who: string, options: Options) => {
      const revoked = await revokeCredits(await readCompiled(options), who);
      const text = revoked === 1 ? "1 account ended." : `${revoked} accounts ended.`;
      console.log(options.json ? JSON.stringify({ revoked }) : text);
    });
  const example = (name: string) =>
    `\nExample:\n  tollbooth credits ${name} 0x70997970C51812dc3A010C7d01b50e0d17dc79C8`;
  return new Command("credits")
    .description("prepaid credits")
    .addCommand(show.addHelpText("after", example("show")))
    .addCommand(revoke.addHelpText("after", example("revoke")));
}

/** The accounts that have not ended. @throws CommandError when it is neither token nor address, or the store does not answer */
export async function showCredits(compiled: Compiled, who: string): Promise<Account[]> {
  const { timeSession } = compiled.stores;
  const places = await placesOf(compiled, who, "credits", openStores(compiled.stores).credits.idOf);
  if (!timeSession) return [];
  const ids = places.map(({ id }) => id);
  const balances = await onStores(() => balancesOf(timeSession, ids));
  return places.flatMap(({ group, network }, i) => {
    const balance = balances[i];
    return balance ? [{ group, network, ...balance }] : [];
  });
}

/** How many accounts were ended. @throws CommandError when it is neither token nor address, or the store does not answer */
export async function revokeCredits(compiled: Compiled, who: string): Promise<number> {
  const { credits } = openStores(compiled.stores);
  const places = await placesOf(compiled, who, "credits", credits.idOf);
  const ended = await onStores(() => Promise.all(places.map(({ id }) => credits.revoke(id))));
  return ended.filter(Boolean).length;
}

function textOf(accounts: Account[]): string {
  if (accounts.length === 0) return "No credits.";
  return accounts
    .map(({ group, network, left, endsAt }) => {
      const of = group === undefined ? "" : ` for ${group} (${network})`;
      return `${left} credits left${of}, until ${new Date(endsAt).toISOString()}`;
    })
    .join("\n");
}
