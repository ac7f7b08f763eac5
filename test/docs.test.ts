/** The documents say what the code does. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { load } from "../src/config/load.ts";
import { ConfigSchema } from "../src/config/schema.ts";
import { ERRORS } from "../src/core/error-codes.ts";

const read = (path: string) => readFileSync(path, "utf8");
const EXAMPLES = readdirSync("examples").filter((name) => name !== "README.md");
const DOCUMENTS = [
  ...["README.md", "CONTRIBUTING.md", "examples/README.md"],
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
  ...EXAMPLES.map((name) => join("examples", name, "README.md")),
];

it("every error code has a heading in docs/errors.md, with its status, and no heading is of a code that is gone", () => {
  const sections = [...read("docs/errors.md").matchAll(/^## (\w+)\n\n(\d{3})\./gm)].map(
    ([, code, status]) => [code, Number(status)],
  );
  expect(sections).toEqual(Object.entries(ERRORS).map(([code, { status }]) => [code, status]));
});

it("every dependency has a line with its version in docs/dependencies.md", () => {
  const manifest = JSON.parse(read("package.json"));
  const text = read("docs/dependencies.md");
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  const missing = Object.entries<string>(all).filter(
    ([name, version]) => !text.includes(`\`${name}\``) || !text.includes(version),
  );
  expect(missing).toEqual([]);
});

it("every top-level and route field of the schema is in docs/configuration.md", () => {
  const text = read("docs/configuration.md");
  expect(Object.keys(ConfigSchema.shape).filter((key) => !text.includes(`\`${key}`))).toEqual([]);
  const { valueType: route } = ConfigSchema.shape.routes.def;
  expect(Object.keys(route.shape).filter((key) => !text.includes(`\`routes.*.${key}\``))).toEqual([]);
});

it("links between documents lead somewhere", () => {
  const broken = DOCUMENTS.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map(([, target = ""]) => join(dirname(document), target))
      .filter((target) => !existsSync(target)),
  );
  expect(broken).toEqual([]);
});

it("every example is in the README and in the list of examples", () => {
  const missing = EXAMPLES.flatMap((name) => [
    ...(read("README.md").includes(`](examples/${name})`) ? [] : [`README.md: ${name}`]),
    ...(read("examples/README.md").includes(`[${name}](${name})`) ? [] : [`examples/README.md: ${name}`]),
  ]);
  expect(missing).toEqual([]);
});

it("the README's configuration is valid", async () => {
  const source = /defineConfig\((\{[\s\S]*?\n\})\);/.exec(read("README.md"))?.[1] ?? "";
  const config: unknown = new Function(`return (${source})`)();
  const env = {
    PAY_TO: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    FACILITATOR_URL: "https://facilitator.example.com",
    UPSTASH_REDIS_REST_URL: "https://x.upstash.io",
    UPSTASH_REDIS_REST_TOKEN: "t",
    API_KEY: "k",
  };
  expect((await load(() => config, env)).routes).toHaveLength(5);
});

it("every test that docs/security.md calls as a witness is there, under that title", () => {
  const text = read("docs/security.md").replace(/\s+/g, " ");
  const witnesses = [...text.matchAll(/`([\w/-]+(?:\.test)?\.ts)`(?:: ([^;|(*]*[^;|(* ]))?/g)]
    .filter(([, file = ""]) => !file.startsWith("src/"))
    .map(([, file = "", title = ""]) => ({ file: join("test", file), title: title.replace(/[).].*$/, "") }));
  expect(witnesses.length).toBeGreaterThan(40);
  const missing = witnesses.filter(({ file, title }) => !existsSync(file) || !read(file).includes(title));
  expect(missing).toEqual([]);
});
