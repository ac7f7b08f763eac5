/** The command line, without the commands that need the development stack. */
import { Command } from "commander";
import { cacheCommand } from "./cache.ts";
import { CommandError } from "./config-file.ts";
import { creditsCommand } from "./credits.ts";
import { DescriptionError } from "./descriptions.ts";
import { doctorCommand } from "./doctor.ts";
import { flushCommand } from "./flush.ts";
import { reconcileCommand } from "./reconcile.ts";
import { redisBridgeCommand } from "./redis-bridge.ts";
import { refundsCommand } from "./refunds.ts";
import { serveCommand } from "./serve.ts";
import { sessionsCommand } from "./sessions.ts";
import { specsCommand } from "./specs.ts";
import { validateCommand } from "./validate.ts";

/** The `tollbooth` program. */
export function createProgram(): Command {
  return new Command("tollbooth")
    .description("Charge for every call of your API with x402.")
    .addCommand(validateCommand())
    .addCommand(doctorCommand())
    .addCommand(flushCommand())
    .addCommand(sessionsCommand())
    .addCommand(creditsCommand())
    .addCommand(reconcileCommand())
    .addCommand(cacheCommand())
    .addCommand(refundsCommand())
    .addCommand(specsCommand())
    .addCommand(serveCommand())
    .addCommand(redisBridgeCommand())
    .showHelpAfterError("(--help shows what there is)");
}

/** Runs it; a problem that the user can solve is one sentence and exit code 1. */
export async function run(program: Command, argv: string[]): Promise<void> {
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof DescriptionError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
