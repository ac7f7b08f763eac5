/** `tollbooth init`: what it writes is taken by the gateway, what is there is left alone, and nobody is asked in vain. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Answers, isTestNetwork, QUESTIONS } from "../../src/cli/init/answers.ts";
import { complete } from "../../src/cli/init/ask.ts";
import { type Draft, render, strike, toValues } from "../../src/cli/init/draft.ts";
import { assertNew, writeProject } from "../../src/cli/init/write.ts";
import { killAll, start } from "./process.ts";

const PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const KNOWN = ["--url", "https://api.example.com", "--pay-to", PAYEE];
/** As with --yes. */
const SILENT = { yes: true, ask: undefined };
const NAMES = QUESTIONS.map(({ name }) => name);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-init-"));
});
afterEach(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true });
});

async function init(...args: string[]) {
  const { exit, output } = start(["init", "-d", folder, ...args]);
  return { code: await exit, ...output };
}

const read = (name: string) => readFile(join(folder, name), "utf8");

describe("what is written", () => {
  it.each([
    ["workers", ["worker.ts", "wrangler.toml"]],
    ["vercel", ["build-vercel.mjs", "edge.ts", "vercel.json"]],
    ["node", []],
    ["docker", ["Dockerfile", "compose.yaml"]],
  ])("for %s, and tollbooth validate passes at once", async (platform, files) => {
    const { code, stdout } = await init("--yes", "--json", "--platform", platform, ...KNOWN);
    expect(code).toBe(0);
    const always = [".env", ".env.example", ".gitignore", "package.json", "tollbooth.config.ts"];
    expect((await readdir(folder)).sort()).toEqual([...always, ...files].sort());
    expect(JSON.parse(stdout).written.sort()).toEqual([...always, ...files].sort());
    const entry = [process.execPath, join(process.cwd(), "src/cli/main.ts")];
    const { exit, output } = start(["validate"], { cwd: folder, entry });
    expect([await exit, output.stderr]).toEqual([0, ""]);
  });

  it("secrets stay on this machine: .env is readable by its owner only, and git does not see it", async () => {
    await init("--yes", "--platform", "docker", ...KNOWN);
    expect((await stat(join(folder, ".env"))).mode & 0o077).toBe(0);
    expect((await read(".gitignore")).split("\n")).toContain(".env");
    const token = /^BRIDGE_TOKEN=([0-9a-f]{64})$/m.exec(await read(".env"))?.[1] ?? "";
    for (const name of await readdir(folder)) {
      if (name !== ".env") expect(await read(name)).not.toContain(token || "no token");
    }
  });

  it("compose.yaml hands the gateway every variable that the configuration names", async () => {
    await init("--yes", "--platform", "docker", "--store-url-env", "MY_STORE", ...KNOWN);
    const named = [...(await read("tollbooth.config.ts")).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    const { services } = parse(await read("compose.yaml"), { merge: true });
    expect(Object.keys(services.gateway.environment).sort()).toEqual([...new Set(named)].sort());
    expect(named).toContain("MY_STORE");
    expect(services.gateway).toMatchObject({ network_mode: "service:pod", read_only: true });
  });
});

describe("what is there already", () => {
  it("a configuration is not overwritten, and nothing else is written beside it", async () => {
    await writeFile(join(folder, "tollbooth.config.ts"), "mine");
    const { code, stderr } = await init("--yes", ...KNOWN);
    expect([code, stderr]).toEqual([1, expect.stringContaining("--force overwrites it")]);
    expect(await readdir(folder)).toEqual(["tollbooth.config.ts"]);
    expect(await read("tollbooth.config.ts")).toBe("mine");
  });

  it("a link that leads to nothing yet is left alone, and nothing is written where it leads", async () => {
    const elsewhere = join(folder, "elsewhere");
    await symlink(elsewhere, join(folder, ".env"));
    const nothing = { dependencies: {}, devDependencies: {}, scripts: {} };
    const { kept } = await writeProject(folder, [{ path: ".env", text: "SECRET=1" }], nothing, false);
    expect([kept, existsSync(elsewhere)]).toEqual([[".env"], false]);
    await symlink(elsewhere, join(folder, "tollbooth.config.ts"));
    expect(() => assertNew(folder, false)).toThrow("--force overwrites it");
  });

  it("package.json and .env are never changed, not even with --force; .gitignore gets what it lacks", async () => {
    const manifest = JSON.stringify({ dependencies: { "tollbooth-edge": "*" }, scripts: { dev: "mine" } });
    const files = {
      "package.json": manifest,
      ".env": "MINE=1",
      ".gitignore": "dist\n.env",
      "tollbooth.config.ts": "",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { code, stdout } = await init("--yes", "--force", "--json", ...KNOWN);
    expect(code).toBe(0);
    expect([await read("package.json"), await read(".env")]).toEqual([manifest, "MINE=1"]);
    expect(await read(".gitignore")).toMatch(/^dist\n\.env\nnode_modules\/\n/);
    expect(await read("tollbooth.config.ts")).toContain("defineConfig");
    const { kept, byHand } = JSON.parse(stdout);
    expect(kept).toEqual([".env"]);
    expect(byHand.join("\n")).toMatch(/scripts: "validate"/);
    expect(byHand.join("\n")).not.toMatch(/"tollbooth-edge"|"dev"/);
  });
});

describe("answers", () => {
  it("what is missing without a terminal is named by its option, the exit code is 2, and nothing is written", async () => {
    const { code, stderr } = await init("--platform", "node");
    expect(code).toBe(2);
    for (const flag of ["--url", "--pay-to", "--yes"]) expect(stderr).toContain(flag);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ["payTo", "0x70997970C51812dc3A010C7d01b50e0d17dc79c8", "checksum"],
    ["payTo", "0x0000000000000000000000000000000000000000", "40 hexadecimal digits"],
    ["url", "ftp://example.com", "https://"],
    ["url", "https://me:secret@example.com", "user and password"],
    ["price", "cheap", '"$0.01"'],
    ["network", "basic", "CAIP-2"],
    ["route", "/weather", "GET /weather"],
    ["storeUrlEnv", "MY-STORE", "variable's name"],
  ] as const)("%s: %s is refused with what to write", async (name, value, reason) => {
    const options = { url: "https://api.example.com", payTo: PAYEE, [name]: value };
    await expect(complete(NAMES, options, SILENT)).rejects.toThrow(reason);
  });

  it("on a network with real money nobody is chosen to settle: --yes asks for a facilitator", async () => {
    const options = { url: "https://api.example.com", payTo: PAYEE, network: "base" };
    await expect(complete(NAMES, options, SILENT)).rejects.toThrow("--facilitator");
    expect(["base", "polygon", "solana", "eip155:1"].some(isTestNetwork)).toBe(false);
    expect(["base-sepolia", "solana-devnet", "eip155:84532", "polygon-amoy"].every(isTestNetwork)).toBe(true);
  });

  it("on a terminal, only what no option says is asked, in order, each with what was answered before", async () => {
    const asked: string[] = [];
    const answers: Partial<Answers> = { payTo: PAYEE, url: "https://a.example.com" };
    const given = await complete(
      NAMES,
      { network: "base", price: "0.5" },
      {
        yes: false,
        ask: async ({ name, initial }, before) => {
          asked.push(name);
          if (name === "facilitator") expect(before).toMatchObject({ network: "base", payTo: PAYEE });
          return answers[name] ?? initial(before) ?? "https://f.example.com";
        },
      },
    );
    expect(asked).toEqual(NAMES.filter((name) => name !== "network" && name !== "price"));
    expect(given).toMatchObject({ network: "base", price: "0.5", route: "GET /*", payTo: PAYEE });
  });

  it("a file without --from, and --from without a file, are written wrongly", async () => {
    expect((await init("openapi.yaml")).code).toBe(2);
    expect((await init("--from", "yaml")).code).toBe(2);
    expect((await init("--from", "toml", "x")).code).toBe(2);
  });
});

it("--from yaml writes the project around what was carried over, with the notes on standard output", async () => {
  await mkdir(join(folder, "hooks"));
  await writeFile(join(folder, "hooks/log-payment.ts"), "export default () => {};\n");
  const { code, stdout } = await init(
    "--from",
    "yaml",
    "test/fixtures/original/several-upstreams.yaml",
    "--platform",
    "workers",
  );
  expect(code).toBe(0);
  expect(stdout).toContain("CHANGES WHAT IS PAID");
  expect(await read("tollbooth.config.ts")).toContain('import logPayment from "./hooks/log-payment.ts";');
  expect(await read(".env.example")).toContain("ANTHROPIC_API_KEY=");
  expect(stdout).not.toContain("\u001b[");
});

describe("the text of a configuration", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "binary" }),
      fc.integer(),
      fc.boolean(),
      tie("list"),
      tie("object"),
    ),
    list: fc.array(tie("any"), { maxLength: 4 }),
    object: fc.dictionary(
      fc.string({ unit: "binary" }).filter((key) => key !== "__proto__"),
      tie("any"),
      { maxKeys: 4 },
    ),
  }));

  const said = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("*/ throw 1; /*", "a\nthrow 1", "b\u2028throw 1"),
  );

  it("is the value that it was made from, whatever the names, strings and comments in it", () => {
    fc.assert(
      fc.property(value.object, said, (object, said) => {
        const config = { ...(object as Record<string, unknown>), last: 1 };
        const draft: Draft = { head: [said], imports: [], config, comments: new Map([["last", said]]) };
        const source = render(draft)
          .replace(/^import .*$/m, "")
          .replace("export default", "return");
        const read: unknown = new Function("defineConfig", source)((inner: unknown) => inner);
        expect(read).toEqual(toValues(config));
      }),
      { numRuns: 300 },
    );
  });

  it("what lies at a fault's path is taken out, also under names with dots and brackets", () => {
    const config = {
      routes: { "GET /a.b[0]": { match: [{ where: { "body.x": 1 } }], price: "1" }, "GET /a": {} },
    };
    expect(strike(config, "routes.GET /a.b[0].match[0].where.body.x")).toBe(
      "routes.GET /a.b[0].match[0].where.body.x",
    );
    expect(strike(config, "routes.GET /a.b[0].nothing")).toBe("routes.GET /a.b[0]");
    expect(config).toEqual({ routes: { "GET /a": {} } });
    expect(strike(config, "elsewhere")).toBeUndefined();
  });
});
