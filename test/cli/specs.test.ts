/** Descriptions in files: read by the commands, and made part of what is bundled. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle, bundlePath } from "../../dev/bundle.ts";
import { readConfig } from "../../src/cli/config-file.ts";
import { writeSpecs } from "../../src/cli/specs.ts";
import { load } from "../../src/config/load.ts";

const YAML = `openapi: 3.0.3
info: { title: Pets, version: "1" }
paths:
  /pets: { get: { responses: { "200": { description: ok } } } }
`;
let folder = "";
let config = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-specs-"));
  config = join(folder, "tollbooth.config.ts");
  await writeFile(join(folder, "pets.yaml"), YAML);
  await writeFile(
    config,
    `const upstream = { url: "https://pets.example", openapi: "./pets.yaml", defaultPrice: "$0" };
     export default () => ({ upstreams: { pets: upstream }, routes: {} });`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

it("the commands read them beside the configuration, wherever they are started", async () => {
  const { routes } = await load(await readConfig(config), {});
  expect(routes.map(({ key }) => key)).toEqual(["GET /pets"]);
});

it("they are written into one file, which a bundle without it refuses to go without", async () => {
  const out = join(folder, "specs.json");
  expect(await writeSpecs({ config, out })).toEqual([{ file: "./pets.yaml" }]);
  const files = JSON.parse(await readFile(out, "utf8"));
  const { default: source } = await import(config);
  expect((await load(source, {}, { files })).routes).toHaveLength(1);
  await expect(load(source, {})).rejects.toThrow(/is a file, and was not made part of what runs here/);
});

it("the file that is bundled reaches the gateway", async () => {
  await bundle("node", config, folder);
  const text = await readFile(bundlePath("node", folder), "utf8");
  expect(text).toMatch(/specs: tollbooth_specs_default/);
});

it("one that is not valid is used, and said to be so; one that is not there stops the command", async () => {
  await writeFile(join(folder, "pets.yaml"), YAML.replace('info: { title: Pets, version: "1" }', ""));
  const [written] = await writeSpecs({ config, out: join(folder, "specs.json") });
  expect(written?.problem).toMatch(/info/);
  await rm(join(folder, "pets.yaml"));
  await expect(writeSpecs({ config, out: join(folder, "specs.json") })).rejects.toThrow(
    /^upstreams\.pets\.openapi: \.\/pets\.yaml cannot be read/,
  );
});

it("a small file cannot become a large one", async () => {
  const lines = Array.from(
    { length: 9 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`,
  );
  await writeFile(join(folder, "pets.yaml"), `a0: &a0 [x]\n${lines.join("\n")}\n`);
  await expect(writeSpecs({ config, out: join(folder, "specs.json") })).rejects.toThrow(/alias/i);
});
