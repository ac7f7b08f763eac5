/** `tollbooth sessions revoke`: ends paid time before its time. */
import { Command } from "commander";
import type { Compiled } from "../core/route.ts";
import { openStores } from "../stores/stores.ts";
import { onStores, readCompiled } from "./compiled.ts";
import { CommandError, type ConfigOptions, configured } from "./config-file.ts";

type Options = ConfigOptions & { json?: boolean };

/** The command. */
export function sessionsCommand(): Command {
  const revoke = configured("revoke")
    .description(
      "end a session, by one of its tokens or by the payer's address; what was paid is not paid back",
    )
    .argument("<who>", "a session token, or a payer's address (0x…): all sessions of that payer")
    .option("--json", "print { revoked } as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  tollbooth sessions revoke 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    )
    .action(async (who: string, options: Options) => {
      const revoked = await revokeSessions(await readCompiled(options), who);
      const text = revoked === 1 ? "1 session ended." : `${revoked} sessions ended.`;
      console.log(options.json ? JSON.stringify({ revoked }) : text);
    });
  return new Command("sessions").description("paid time that is running").addCommand(revoke);
}

/** How many sessions were ended. @throws CommandError when it is neither token nor address, or the store does not answer */
export async function revokeSessions(compiled: Compiled, who: string): Promise<number> {
  const { sessions } = openStores(compiled.stores);
  const ids = await idsOf(compiled, who, sessions.idOf);
  const ended = await onStores(() => Promise.all(ids.map((id) => sessions.revoke(id))));
  return ended.filter(Boolean).length;
}

async function idsOf(
  { routes }: Compiled,
  who: string,
  idOf: (group: string, network: string, payer: string) => Promise<string>,
): Promise<string[]> {
  const [, id] = /^([0-9a-f]{32})\.[\w-]{43}$/.exec(who) ?? [];
  if (id) return [id];
  if (!/^0x[0-9a-fA-F]{40}$/.test(who)) {
    throw new CommandError("That is neither a session token (id.secret) nor an address (0x and 40 digits).");
  }
  const timed = routes.flatMap(({ session, offers }) =>
    session ? offers.map(({ network }) => [session.group, network] as const) : [],
  );
  const ids = await Promise.all(timed.map(([group, network]) => idOf(group, network, who)));
  return [...new Set(ids)];
}
