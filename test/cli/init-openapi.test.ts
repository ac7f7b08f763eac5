/** `tollbooth init --from openapi`: a route for each operation, and nothing that the file could do to whoever reads it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Answers } from "../../src/cli/init/answers.ts";
import { complete } from "../../src/cli/init/ask.ts";
import { renderChecked } from "../../src/cli/init/check.ts";
import { describe as describeSpec } from "../../src/cli/init/openapi.ts";
import { planOpenApi } from "../../src/cli/init/plan.ts";
import { readForeign } from "../../src/cli/init/read-file.ts";

const ANSWERS: Answers = {
  platform: "node",
  url: "https://api.example.com",
  route: "",
  price: "$0.02",
  network: "base-sepolia",
  payTo: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  facilitator: "https://x402.org/facilitator",
  storeUrlEnv: "STORE_URL",
  storeTokenEnv: "STORE_TOKEN",
};
const ok = { responses: { 200: { description: "ok" } } };
const PETS = {
  openapi: "3.1.0",
  info: { title: "Pets", version: "1" },
  paths: {
    "/pets": { get: { summary: "All pets", ...ok }, post: { operationId: "addPet", ...ok }, head: ok },
    "/pets/{pet-id}": {
      get: { description: "One */ pet\nof them, ${STORE_TOKEN}", deprecated: true, ...ok },
      trace: ok,
    },
    "/pets/{other}": { get: ok },
    "/files/{name}.json": { get: ok },
    "/a//b": { get: ok },
    "/shared": { $ref: "#/components/pathItems/shared" },
    "x-internal": { get: ok },
  },
  components: { pathItems: { shared: { put: ok } } },
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-openapi-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function readText(name: string, text: string): Promise<unknown> {
  const path = join(folder, name);
  await writeFile(path, text);
  return readForeign(path);
}

async function routesOf(spec: unknown): Promise<Record<string, unknown>> {
  const { draft } = await planOpenApi(spec, ANSWERS);
  return draft.config.routes as Record<string, unknown>;
}

it.each([
  ["pets.json", JSON.stringify(PETS)],
  ["pets.yaml", stringify(PETS)],
])("each operation of %s is a route with the price, its parameters whole segments", async (name, text) => {
  const { draft, notes } = await planOpenApi(await readText(name, text), ANSWERS);
  const route = { upstream: "api", price: "$0.02" };
  expect(draft.config.routes).toEqual({
    "GET /pets": { ...route, metadata: { summary: "All pets" } },
    "POST /pets": { ...route, metadata: { summary: "addPet" } },
    "GET /pets/:pet_id": {
      ...route,
      metadata: { description: "Deprecated. One */ pet of them, $ {STORE_TOKEN}" },
    },
    "GET /files/:name": route,
    "PUT /shared": route,
  });
  expect(notes.map(({ path }) => path).sort()).toEqual([
    "GET /a//b",
    "GET /pets/{other}",
    "HEAD /pets",
    "TRACE /pets/{pet-id}",
  ]);
});

it("what it says of an operation is told of its route, and names no variable that would be filled in and shown", async () => {
  const { draft, project } = await planOpenApi(PETS, ANSWERS);
  const text = await renderChecked(draft, folder, project.open);
  expect(text).toContain('metadata: { summary: "All pets" }');
  expect(text).toContain("of them, $ {STORE_TOKEN}");
  expect(text.match(/\$\{STORE_TOKEN\}/g)).toHaveLength(1);
});

it("a specification of version 3.0 is read, one of 2.0 is refused", async () => {
  const route = { paths: { "/a": { get: ok } } };
  expect(Object.keys(await routesOf({ openapi: "3.0.3", ...route }))).toEqual(["GET /a"]);
  await expect(routesOf({ swagger: "2.0", ...route })).rejects.toThrow("version 2.0");
  await expect(routesOf(route)).rejects.toThrow("no openapi field");
  await expect(routesOf({ openapi: "3.1.0", paths: {} })).rejects.toThrow("no operation");
});

describe("hostile files end in one sentence", () => {
  it.each(["https://evil.example.com/paths.yaml", "./other.yaml#/paths/a", "file:///etc/passwd"])(
    "a path that refers to %s is refused, and nothing is fetched",
    async ($ref) => {
      const spec = { openapi: "3.1.0", paths: { "/a": { $ref } } };
      await expect(routesOf(spec)).rejects.toThrow("nothing is fetched");
    },
  );

  it.each([
    "https://api.example.com\nPAY_TO=0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "https://api.example.com\r\nNODE_OPTIONS=--require=/tmp/x.js",
    "https://api.example.com/${HOME}",
    "https://api.example.com/'\"",
    "https://api.example.com/ #",
  ])("the server %j writes no line of its own into .env, where it could name who is paid", async (url) => {
    const { server } = describeSpec(
      { openapi: "3.1.0", servers: [{ url }], paths: { "/a": { get: ok } } },
      "$1",
    );
    const names = ["url"] as const;
    const asked = complete(names, { url: server ?? url }, { yes: true, ask: undefined });
    await expect(asked).rejects.toThrow("It must be plain");
  });

  it("a path that refers to itself is refused", async () => {
    const spec = {
      openapi: "3.1.0",
      paths: { "/a": { $ref: "#/paths/~1b" }, "/b": { $ref: "#/paths/~1a" } },
    };
    await expect(routesOf(spec)).rejects.toThrow("refers to itself");
  });

  it("a file of more than 10 MB, one that is not there, and a URL are refused before anything is read", async () => {
    await expect(readText("big.yaml", `a: ${"x".repeat(10_000_001)}`)).rejects.toThrow("at most 10000000");
    await expect(readForeign(join(folder, "none.yaml"))).rejects.toThrow("There is no file");
    await expect(readForeign("https://example.com/openapi.json")).rejects.toThrow("download it first");
  });

  it.each([
    [
      "an alias bomb",
      `${"abcdefgh".replace(/./g, (c) => `${c}: &${c} [${c === "a" ? '"x"' : `*${prior(c)},`.repeat(9)}]\n`)}`,
      "alias count",
    ],
    ["a circle", "openapi: 3.1.0\npaths: &a\n  b: *a\n", "circular"],
    ["nesting without end", `${"[".repeat(20_000)}`, "nested too deep"],
    ["two fields of one name", "openapi: 3.1.0\npaths: {}\npaths: {}\n", "unique"],
    ["text", "hello", "holds no fields"],
  ])("%s is refused", async (name, text, reason) => {
    await expect(readText(`${name.replaceAll(" ", "-")}.yaml`, text)).rejects.toThrow(reason);
  });
});

function prior(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) - 1);
}
