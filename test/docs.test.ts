/** The documents say what the code does. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import * as z from "zod/mini";
import { fieldsOf, withTable } from "../scripts/configuration-reference.ts";
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

it("the table of fields in docs/configuration.md is what the schema makes it: every field, and no other", () => {
  const text = read("docs/configuration.md");
  expect(withTable(text, fieldsOf(ConfigSchema))).toBe(text);
});

it("what a field takes is told as its schema has it", () => {
  const schema = z.strictObject({
    a: z.optional(
      z.union([z.literal(false), z.strictObject({ b: z.int().check(z.minimum(1), z.maximum(9)) })]),
    ),
    c: z.array(z.enum(["x", "y"])),
    d: z.optional(z.number().check(z.positive(), z.maximum(5))),
  });
  expect(fieldsOf(schema)).toEqual([
    { path: "a", takes: "`false` or object", required: false },
    { path: "a.b", takes: "integer, 1 to 9", required: true },
    { path: "c", takes: 'list of `"x"` or `"y"`', required: true },
    { path: "d", takes: "number, more than 0, at most 5", required: false },
  ]);
});

it("a field that the table does not have is an error, and so is one that is gone", () => {
  const fields = [{ path: "a", takes: "string", required: true }];
  const table = (row: string) =>
    `| field | takes | default | meaning |\n|---|---|---|---|\n| \`a\` | | | a letter |\n${row}`;
  expect(withTable(table(""), fields)).toContain("| `a` | string | required | a letter |\n");
  expect(() => withTable(table("| `b` | | | another |\n"), fields)).toThrow("rows without a field: b");
  expect(() => withTable(table(""), [...fields, { path: "c", takes: "string", required: false }])).toThrow(
    "fields without a row: c",
  );
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
