/** What `tollbooth init` does once its options are read. */
import { UsageError } from "../config-file.ts";
import { packageVersion } from "../program-version.ts";
import { printJson, withProgress } from "../terminal.ts";
import { type Answers, QUESTIONS } from "./answers.ts";
import { askOnTerminal, complete } from "./ask.ts";
import { renderChecked } from "./check.ts";
import { describe } from "./openapi.ts";
import { type Plan, planNew, planOpenApi, planOriginal } from "./plan.ts";
import { filesOf, manifestOf } from "./project.ts";
import { readForeign } from "./read-file.ts";
import { nextCommands, notesAsComment, renderReport } from "./report.ts";
import { assertNew, writeProject } from "./write.ts";

/** Its options. */
export type InitOptions = Partial<Answers> & {
  from?: "openapi" | "yaml";
  directory: string;
  yes: boolean;
  force: boolean;
  json?: boolean;
};

/** Asks, reads, checks, writes, says what was done. @throws CommandError */
export async function init(file: string | undefined, options: InitOptions): Promise<void> {
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

async function planFor(file: string | undefined, options: InitOptions): Promise<Plan> {
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
