/** `tollbooth reconcile`: looks into payments that nobody has brought to an end, until none is left to look into. */
import type { Command } from "commander";
import type { Compiled } from "../core/compiled.ts";
import type { Reconciled } from "../core/ports.ts";
import { composeReconcile } from "../errands.ts";
import { onStores, readCompiled } from "./compiled.ts";
import { type ConfigOptions, configured } from "./config-file.ts";
import { type Progress, printJson, startProgress } from "./terminal.ts";

type Options = ConfigOptions & { json?: boolean };

/** Payments in one round. */
const ROUND = 50;

/** The command. */
export function reconcileCommand(): Command {
  return configured("reconcile")
    .description(
      "look up payments whose settlement was begun and not seen to end; charges only what metered calls have used",
    )
    .option("--json", "print { seen, settled, failed, owed, doubtful } as JSON")
    .addHelpText("after", "\nExample:\n  tollbooth reconcile --env-file .env.production")
    .action(async (options: Options) => {
      const compiled = await readCompiled(options);
      const progress = startProgress();
      progress.show("looking for what is due …");
      const found = await reconcileAll(compiled, {
        log: (event) => options.json || console.error(event),
        progress,
      }).finally(progress.end);
      if (options.json) printJson(found);
      else console.log(render(found, compiled));
    });
}

/** Rounds until nothing is due; what was looked into is due again only later. @throws CommandError */
export async function reconcileAll(
  compiled: Compiled,
  { log, progress }: { log: (event: string) => void; progress: Progress },
): Promise<Reconciled> {
  const reconcile = composeReconcile(compiled, (event) => {
    progress.end();
    log(JSON.stringify(event));
  });
  const total: Reconciled = { seen: 0, settled: 0, failed: 0, owed: 0, doubtful: 0 };
  const began = Date.now();
  for (;;) {
    const found = await onStores(() => reconcile(ROUND));
    for (const name of Object.keys(total) as (keyof Reconciled)[]) total[name] += found[name];
    // What stays in doubt is due again after a minute: a second look would find the same.
    if (found.seen < ROUND || Date.now() - began > 600_000) return total;
    progress.show(`looked into ${total.seen} …`);
  }
}

function render({ seen, settled, failed, owed, doubtful }: Reconciled, { rpc }: Compiled): string {
  const lines = [
    `${seen} looked into: ${settled} found settled, ${failed} failed, ${owed} paid and not yet delivered, ${doubtful} in doubt`,
  ];
  if (doubtful > 0 && Object.keys(rpc).length === 0) {
    lines.push('→ nobody can be asked: add rpc: { base: "https://…" } to the configuration');
  }
  return lines.join("\n");
}
