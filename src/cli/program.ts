/** The command line, without the commands that need the development stack. */
import { Command, CommanderError } from "commander";
import { cacheCommand } from "./cache.ts";
import { CommandError, UsageError } from "./config-file.ts";
import { creditsCommand } from "./credits.ts";
import { DescriptionError } from "./descriptions.ts";
import { doctorCommand } from "./doctor.ts";
import { flushCommand } from "./flush.ts";
import { initCommand } from "./init/command.ts";
import { packageVersion } from "./program-version.ts";
import { reconcileCommand } from "./reconcile.ts";
import { redisBridgeCommand } from "./redis-bridge.ts";
import { refundsCommand } from "./refunds.ts";
import { serveCommand } from "./serve.ts";
import { sessionsCommand } from "./sessions.ts";
import { specsCommand } from "./specs.ts";
import { statsCommand } from "./stats.ts";
import { hideSecrets, noteSecrets, paint } from "./terminal.ts";
import { validateCommand } from "./validate.ts";

/** A problem that the user can solve, and a command that was written wrongly. */
const PROBLEM = 1;
const USAGE = 2;

/** The `tollbooth` program. */
export function createProgram(): Command {
  return new Command("tollbooth")
    .description("Charge for every call of your API with x402.")
    .version(packageVersion(), "-V, --version", "print the version")
    .option("--verbose", "print the stack of an error that nobody has foreseen (as DEBUG=1 does)")
    .addCommand(initCommand())
    .addCommand(validateCommand())
    .addCommand(doctorCommand())
    .addCommand(flushCommand())
    .addCommand(sessionsCommand())
    .addCommand(creditsCommand())
    .addCommand(reconcileCommand())
    .addCommand(cacheCommand())
    .addCommand(refundsCommand())
    .addCommand(statsCommand())
    .addCommand(specsCommand())
    .addCommand(serveCommand())
    .addCommand(redisBridgeCommand())
    .addHelpText("after", "\nExample:\n  tollbooth init\n  tollbooth validate\n  tollbooth COMMAND --help");
}

/** Runs it. Exit codes: 0 done, 1 a problem that the user can solve, 2 written wrongly. */
export async function run(program: Command, argv: string[]): Promise<void> {
  alike(program);
  noteSecrets(process.env);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    process.exitCode = error instanceof UsageError ? USAGE : PROBLEM;
    const verbose = program.opts().verbose === true || Boolean(process.env.DEBUG);
    for (const line of explain(error, verbose)) console.error(line);
  }
}

/** What commander does not hand on to commands that are added: errors that are thrown, and a way out of them. */
function alike(command: Command): void {
  command.exitOverride().showHelpAfterError(`(${pathOf(command)} --help shows what there is)`);
  command.configureOutput({
    outputError: (text, write) => write(paint("red", hideSecrets(text), process.stderr)),
  });
  for (const child of command.commands) alike(child);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function explain(error: unknown, verbose: boolean): string[] {
  if (error instanceof CommandError || error instanceof DescriptionError) return [hideSecrets(error.message)];
  const message = error instanceof Error ? error.message : String(error);
  const [first = ""] = message.split("\n");
  const said = paint("red", hideSecrets(`Something went wrong: ${first}`), process.stderr);
  if (verbose && error instanceof Error) return [said, hideSecrets(error.stack ?? "")];
  return [said, "→ --verbose shows where; if it is a fault of tollbooth's, please report it."];
}
