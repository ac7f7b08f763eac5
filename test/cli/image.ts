/**
 * Builds what the Dockerfile describes without a Docker engine: each stage is a folder, COPY copies, RUN runs. Only
 * `npm ci` is not asked of the registry again: it would install what the lock file says, and that is here already.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** One line of the Dockerfile, continuations joined. */
export interface Instruction {
  name: string;
  args: string;
}

/** What begins with FROM; the last one is the image. */
export interface Stage {
  name: string;
  instructions: Instruction[];
}

/** A built image. */
export interface Image {
  /** What would be /app. */
  folder: string;
  env: Record<string, string>;
  entrypoint: string[];
  cmd: string[];
  healthcheck: string[];
  remove(): Promise<void>;
}

/** The instructions of a Dockerfile in its stages; those before the first FROM are in a stage without a name. */
export function readDockerfile(text: string): Stage[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: Stage[] = [{ name: "", instructions: [] }];
  for (const line of lines) {
    const [, name = "", args = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === "FROM") {
      const called = / AS (\w+)$/.exec(args)?.[1] ?? `${stages.length}`;
      stages.push({ name: called, instructions: [] });
    }
    stages.at(-1)?.instructions.push({ name, args });
  }
  return stages;
}

/** The paths of a COPY, and the stage they come from. */
export function readCopy(args: string): { from: string | undefined; sources: string[]; target: string } {
  const words = args.split(/\s+/);
  const from = /^--from=(.+)$/.exec(words[0] ?? "")?.[1];
  const paths = from === undefined ? words : words.slice(1);
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? "" };
}

/** Builds the Dockerfile of the folder. @throws what a step prints when it fails */
export async function buildImage(context: string): Promise<Image> {
  const root = await mkdtemp(join(tmpdir(), "tollbooth-image-"));
  const stages = readDockerfile(await readFile(join(context, "Dockerfile"), "utf8")).slice(1);
  const folderOf = (name: string) => join(root, name, "app");
  for (const { name, instructions } of stages) {
    await mkdir(folderOf(name), { recursive: true });
    for (const { name: step, args } of instructions) {
      if (step === "COPY") await copy(args, folderOf(name), context, folderOf);
      if (step === "RUN") await execute(args, folderOf(name), context);
    }
  }
  const { name, instructions } = stages.at(-1) ?? { name: "", instructions: [] };
  const last = (step: string) =>
    instructions.findLast((instruction) => instruction.name === step)?.args ?? "";
  return {
    folder: folderOf(name),
    env: Object.fromEntries([last("ENV").split("=")]),
    entrypoint: JSON.parse(last("ENTRYPOINT")),
    cmd: JSON.parse(last("CMD")),
    healthcheck: JSON.parse(last("HEALTHCHECK").replace(/^.*?CMD /, "")),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

async function copy(args: string, folder: string, context: string, folderOf: (name: string) => string) {
  const { from, sources, target } = readCopy(args);
  for (const source of sources) {
    // Every stage works in /app, which is where it may be copied from.
    const origin =
      from === undefined ? join(context, source) : join(folderOf(from), source.replace(/^\/app\//, ""));
    const destination = target.endsWith("/") ? join(folder, target, basename(source)) : join(folder, target);
    await cp(origin, destination, { recursive: true });
  }
}

async function execute(command: string, folder: string, context: string): Promise<void> {
  if (!command.startsWith("npm ci")) {
    await run("/bin/sh", ["-c", command], { cwd: folder });
  } else if (command.includes("--omit=dev --omit=optional")) {
    for (const path of await productionModules(context)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await cp(join(context, path), join(folder, path), {
        recursive: true,
        filter: (from) => !join(from).includes("node_modules", join(context, path).length),
      });
    }
  } else {
    await symlink(resolve(context, "node_modules"), join(folder, "node_modules"));
  }
}

/** The folders that `npm ci --omit=dev --omit=optional` makes. */
async function productionModules(context: string): Promise<string[]> {
  type Entry = { dev?: boolean; optional?: boolean; devOptional?: boolean };
  const { packages } = JSON.parse(await readFile(join(context, "package-lock.json"), "utf8")) as {
    packages: Record<string, Entry>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== "" && !dev && !optional && !devOptional)
    .map(([path]) => path);
}
