/** `tollbooth init`: a configuration and a project around it, from answers, an OpenAPI description or an original file. */
import { Command, Option } from "commander";
import { PLATFORMS, QUESTIONS } from "./answers.ts";
import type { InitOptions } from "./init.ts";

const EXAMPLES = `
Examples:
  tollbooth init
  tollbooth init --yes --url https://api.example.com --pay-to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
  tollbooth init --from openapi openapi.yaml --price 0.01
  tollbooth init --from yaml tollbooth.config.yaml --platform docker`;

/** The command. */
export function initCommand(): Command {
  const command = new Command("init")
    .description("write a tollbooth.config.ts and what the platform needs; asks what no option says")
    .argument("[file]", "what to begin with, for --from")
    .addOption(
      new Option(
        "--from <kind>",
        "openapi: routes of an OpenAPI 3.0 or 3.1 description; yaml: an original tollbooth.config.yaml",
      ).choices(["openapi", "yaml"]),
    );
  for (const { flag, name, message, initial } of QUESTIONS) {
    const usual = initial({ network: "base-sepolia" });
    const text = `${message[0]?.toLowerCase()}${message.slice(1).replace(/\?$/, "")}`;
    const option = new Option(
      `${flag} <${name === "url" || name === "facilitator" ? "url" : "value"}>`,
      usual ? `${text} (usual: ${usual})` : text,
    );
    command.addOption(name === "platform" ? option.choices(PLATFORMS) : option);
  }
  return command
    .option("-d, --directory <folder>", "where to write", ".")
    .option("-y, --yes", "ask nothing: take what is usual for what no option says", false)
    .option("--force", "overwrite files that are there already (never .env)", false)
    .option("--json", "print { written, kept, byHand, notes, next } as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, options: InitOptions) => {
      // No other command needs what reads and writes projects.
      const { init } = await import("./init.ts");
      await init(file, options);
    });
}
