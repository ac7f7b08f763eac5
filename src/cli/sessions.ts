/** `tollbooth sessions revoke`: ends paid time before its time. */
import { Command } from "commander";
import type { Compiled } from "../core/compiled.ts";
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
  const places = await placesOf(compiled, who, "session", sessions.idOf);
  const ended = await onStores(() => Promise.all(places.map(({ id }) => sessions.revoke(id))));
  return ended.filter(Boolean).length;
}

/** Where somebody has what was paid for ahead; `group` is undefined for a token, which does not tell. */
export type Place = { id: string; group: string | undefined; network: string | undefined };

/** The places of a token or an address, each once, in the groups that routes sell by that model. @throws CommandError */
export async function placesOf(
  { routes }: Compiled,
  who: string,
  model: "session" | "credits",
  idOf: (group: string, network: string, payer: string) => Promise<string>,
): Promise<Place[]> {
  const [, id] = /^([0-9a-f]{32})\.[\w-]{43}$/.exec(who) ?? [];
  if (id) return [{ id, group: undefined, network: undefined }];
  if (!/^0x[0-9a-fA-F]{40}$/.test(who)) {
    throw new CommandError("That is neither a session token (id.secret) nor an address (0x and 40 digits).");
  }
  const sold = routes.flatMap(({ [model]: ahead, offers }) =>
    ahead ? offers.map(({ network }) => ({ group: ahead.group, network })) : [],
  );
  const places = await Promise.all(
    sold.map(async (place) => ({ ...place, id: await idOf(place.group, place.network, who) })),
  );
  return [...new Map(places.map((place) => [place.id, place])).values()];
}
