/** All commands alike: help with an example, exit codes, one line for an error, no secret in any, and documented. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { devCommand } from "../../dev/command.ts";
import { payCommand } from "../../dev/pay-command.ts";
import { CommandError, UsageError } from "../../src/cli/config-file.ts";
import { createProgram, run } from "../../src/cli/program.ts";
import { hideSecrets, noteSecrets, startProgress } from "../../src/cli/terminal.ts";
import { killAll, start } from "./process.ts";

const program = createProgram().addCommand(devCommand()).addCommand(payCommand());
const LEAVES = leavesOf(program, "tollbooth");
const DOCUMENT = await readFile("docs/cli.md", "utf8");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-program-"));
});
afterEach(() => {
  killAll();
  process.exitCode = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function leavesOf(command: Command, path: string): [path: string, command: Command][] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((child) => leavesOf(child, `${path} ${child.name()}`));
}

async function tollbooth(...args: string[]) {
  const { exit, output } = start(args, { entry: [process.execPath, "dev/main.ts"] });
  return { code: await exit, ...output };
}

describe("documented", () => {
  it.each(LEAVES)("%s has an example in its help, and its description", (path, command) => {
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
    expect(text).toMatch(new RegExp(`\nExamples?:\n[^]*${path}`));
    expect(command.description()).not.toBe("");
  });

  it.each(LEAVES)("%s is in docs/cli.md with exactly its options", (path, command) => {
    const [, section = ""] = new RegExp(`^## ${path}\n([^]*?)(?=^## |$(?![^]))`, "m").exec(DOCUMENT) ?? [];
    const documented = [...section.matchAll(/^\| `(-[^`]+)` \|/gm)].map(([, flags]) => flags);
    expect(documented).toEqual(command.options.map(({ flags }) => flags));
  });

  it("docs/cli.md has no command that there is not", () => {
    const headings = [...DOCUMENT.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings.sort()).toEqual(LEAVES.map(([path]) => path).sort());
  });

  it("every command that gives a result gives it as JSON as well", () => {
    const without = LEAVES.filter(([, { options }]) => !options.some(({ long }) => long === "--json"));
    // Servers: they run until they are stopped.
    expect(without.map(([path]) => path.slice(10))).toEqual(["serve", "redis-bridge", "dev"]);
  });
});

describe("exit codes", () => {
  it("a misspelt command is 2, with the one that was meant; nothing is on standard output", async () => {
    const { code, stdout, stderr } = await tollbooth("valdate");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("(Did you mean validate?)");
  });

  it("the version is the package's, and 0", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    expect(await tollbooth("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    ["help", 0, ["validate", "--help"]],
    ["an unknown option", 2, ["validate", "--nope"]],
    ["a missing argument", 2, ["pay"]],
    ["an impossible value", 2, ["serve", "--port", "70000"]],
    ["a missing option", 2, ["flush"]],
    ["no command at all", 2, []],
    ["a group without its command", 2, ["sessions"]],
    ["a configuration that is not there", 1, ["doctor", "--config", "nowhere.ts"]],
  ])("%s is %d", async (_, code, args) => {
    expect(await runHere(args)).toMatchObject({ code });
  });

  it("whatever a command throws ends in one: 2 when it was written wrongly, else 1", async () => {
    const throwing = (error: unknown) =>
      new Command("tollbooth").addCommand(
        new Command("x").action(() => {
          throw error;
        }),
      );
    expect((await runHere(["x"], throwing(new UsageError("no")))).code).toBe(2);
    expect((await runHere(["x"], throwing(new CommandError("no")))).code).toBe(1);
    expect((await runHere(["x"], throwing(new Error("no")))).code).toBe(1);
  });
});

/** The program in this process; what it prints is kept. */
async function runHere(args: string[], command = createProgram().addCommand(payCommand())) {
  const lines: string[] = [];
  const error = console.error;
  const write = [process.stdout.write, process.stderr.write] as const;
  console.error = (line: string) => void lines.push(line);
  process.stdout.write = process.stderr.write = () => true;
  try {
    await run(command, ["node", "tollbooth", ...args]);
  } finally {
    console.error = error;
    [process.stdout.write, process.stderr.write] = write;
  }
  const code = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { code, lines };
}

describe("what is shown", () => {
  it("an error that nobody has foreseen is one line and a hint; --verbose has the stack", async () => {
    const config = join(folder, "throws.config.ts");
    await writeFile(config, "export default () => { throw new Error('inside\\nsecond line'); };\n");
    const { code, stderr } = await tollbooth("validate", "--config", config);
    expect([code, stderr.trimEnd().split("\n")]).toEqual([
      1,
      ["Something went wrong: inside", expect.stringContaining("--verbose")],
    ]);
    expect((await tollbooth("validate", "--config", config, "--verbose")).stderr).toContain(
      "throws.config.ts:1",
    );
  });

  it("secrets of the environment and passwords in URLs are in no error", async () => {
    noteSecrets({ API_TOKEN: "very-secret-value", COLOUR: "plainly", SHORT_KEY: "abc" });
    const text = "at https://me:pass@host/x with very-secret-value, plainly, abc";
    expect(hideSecrets(text)).toBe("at https://…@host/x with …, plainly, abc");
    const failing = new Command("tollbooth").addCommand(
      new Command("x").action(() => {
        throw new Error("refused: very-secret-value");
      }),
    );
    const { lines } = await runHere(["x", "--verbose"], failing.option("--verbose"));
    expect(lines.join("\n")).toContain("refused: …");
    expect(lines.join("\n")).not.toContain("very-secret-value");
  });

  it("progress is written over and gone at the end on a terminal, and is nothing elsewhere", () => {
    const written: string[] = [];
    const stream = (isTTY: boolean) =>
      ({ isTTY, columns: 30, write: (text: string) => written.push(text) }) as unknown as NodeJS.WriteStream;
    const silent = startProgress(stream(false));
    silent.show("half");
    silent.end();
    expect(written).toEqual([]);
    const shown = startProgress(stream(true));
    shown.show("x".repeat(100));
    shown.end();
    expect(written).toEqual([`\r\u001b[K${"x".repeat(29)}`, "\r\u001b[K"]);
  });
});
