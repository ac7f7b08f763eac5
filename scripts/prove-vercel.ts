/**
 * Runs Vercel's own `vercel build` on a copy of the repository, and compares what it leaves with what was seen last
 * (`test/fixtures/vercel-build.json`), which the tests go by. `--update` writes that down anew. It needs no account; the
 * command line comes from npm (280 packages), which is why the gate does not run it.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";

const CLI = "58.5.1";
const SEEN = "test/fixtures/vercel-build.json";
const run = promisify(execFile);

const folder = await mkdtemp(join(tmpdir(), "tollbooth-vercel-"));
try {
  const { stdout: listed } = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
  for (const file of listed.trim().split("\n")) await cp(file, join(folder, file), { recursive: true });
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  // What is installed is taken as it is; everything else is as it is deployed.
  const settings = JSON.parse(await readFile("vercel.json", "utf8"));
  await writeFile(join(folder, "vercel.json"), JSON.stringify({ ...settings, installCommand: "" }));
  await mkdir(join(folder, ".vercel"));
  // What `vercel link` would write: with it, nobody is asked for an account.
  const project = { projectId: "prj_local", orgId: "team_local", settings: { framework: null } };
  await writeFile(join(folder, ".vercel/project.json"), JSON.stringify(project));

  await run("npx", ["--yes", `vercel@${CLI}`, "build", "--yes"], {
    cwd: folder,
    env: { ...process.env, VERCEL_TELEMETRY_DISABLED: "1" },
  });
  const left = await describeOutput(join(folder, ".vercel/output"));
  if (process.argv.includes("--update")) await writeFile(SEEN, `${JSON.stringify(left, null, 2)}\n`);
  if (!isDeepStrictEqual(left, JSON.parse(await readFile(SEEN, "utf8")))) {
    console.error(`vercel ${CLI} now leaves\n${JSON.stringify(left, null, 2)}\nwhich is not ${SEEN}.`);
    process.exitCode = 1;
  } else {
    console.error(`vercel ${CLI} leaves what ${SEEN} says: ${left.files.join(", ")}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** What a deployment goes by: the configuration, the function's own, and every file that is not a record of the build. */
async function describeOutput(output: string) {
  const json = async (path: string) => JSON.parse(await readFile(join(output, path), "utf8"));
  const entries = await readdir(output, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(output.length + 1))
    .filter((path) => !path.startsWith("diagnostics/"))
    .sort();
  const { framework: _, ...config } = await json("config.json");
  return { cli: CLI, config, function: await json("functions/index.func/.vc-config.json"), files };
}
