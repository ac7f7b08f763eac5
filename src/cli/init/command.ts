/** `tollbooth init`: a configuration and a project around it, from answers, an OpenAPI description or an original file. */
import { Command, Option } from "commander";
import { UsageError } from "../config-file.ts";
import { packageVersion } from "../program-version.ts";
import { printJson, withProgress } from "../terminal.ts";
import { type Answers, PLATFORMS, QUESTIONS } from "./answers.ts";
import { askOnTerminal, complete } from "./ask.ts";
import { renderChecked } from "./check.ts";
import { describe } from "./openapi.ts";
import { type Plan, planNew, planOpenApi, planOriginal } from "./plan.ts";
import { filesOf, manifestOf } from "./project.ts";
import { readForeign } from "./read-file.ts";
import { nextCommands, notesAsComment, renderReport } from "./report.ts";
import { assertNew, writeProject } from "./write.ts";

type Options = Partial<Answers> & {
  from?: "openapi" | "yaml";
  directory: string;
  yes: boolean;
  force: boolean;
  json?: boolean;
};

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
    .action(init);
}

async function init(file: string | undefined, options: Options): Promise<void> {
  const { from, directory, force, json } = options;
  if (from !== undefined && file === undefined)
    throw new UsageError(`Name the file: tollbooth init --from ${from} FILE`);
  if (from === undefined && file !== undefined)
    throw new UsageError(`Say what ${file} is: --from openapi, or --from yaml.`);
  assertNew(directory, force);
  const plan = await planFor(file, options);
  const project = { ...plan.project, version: packageVersion() };
  const money = notesAsComment(plan.notes);
  const head = [
    ...plan.draft.head,
    ...(money.length > 0 ? ["", "What to look at before it takes money:", ...money] : []),
  ];
  const text = await renderChecked({ ...plan.draft, head }, directory, project.open);
  const files = [{ path: "tollbooth.config.ts", text }, ...filesOf(project)];
  const done = await writeProject(directory, files, manifestOf(project), force);
  const next = nextCommands(project.platform);
  if (json) printJson({ ...done, notes: plan.notes, next });
  else console.log(renderReport(done, plan.notes, next));
}

async function planFor(file: string | undefined, options: Options): Promise<Plan> {
  const ask = process.stdin.isTTY && process.stdout.isTTY && !options.json ? askOnTerminal : undefined;
  const asking = { yes: options.yes, ask };
  const names = QUESTIONS.map(({ name }) => name);
  if (file === undefined) return planNew(await complete(names, options, asking));
  const read = await withProgress(`reading ${file} …`, () => readForeign(file));
  if (options.from === "yaml") {
    const { platform } = await complete(["platform"], options, asking);
    return withProgress("carrying it over …", () => planOriginal(read, platform, options.directory));
  }
  const { server } = describe(read, "$0");
  const known = { ...(server === undefined ? {} : { url: server }), ...options };
  const answers = await complete(
    names.filter((name) => name !== "route"),
    known,
    asking,
  );
  return withProgress("making routes …", () => planOpenApi(read, answers));
}
