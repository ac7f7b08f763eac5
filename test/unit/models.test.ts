/** What a model costs: whose word counts, and that the table says what it means. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { MODEL_PRICES } from "../../src/core/model-prices.ts";
import { overrideOf, priceOfModel } from "../../src/core/models.ts";
import { parseDecimal } from "../../src/core/money.ts";
import { LEGIBLE } from "./metering-transcripts.ts";

const rates = (input: string) => ({ ...LEGIBLE, input: parseDecimal(input) ?? LEGIBLE.input });
const lines = MODEL_PRICES.trim().split("\n");

describe("an entry for a model", () => {
  it("is the very name, else the first glob that matches, whatever the case", () => {
    const entries = { "gpt-*": 1, "*mini": 2, "gpt-5-mini": 3, "Claude-*": 4 };
    expect(
      ["gpt-5-mini", "gpt-4o-mini", "o4-mini", "GPT-5-MINI", "claude-opus-5"].map((name) =>
        overrideOf(name, entries),
      ),
    ).toEqual([3, 1, 2, 1, 4]);
    expect(overrideOf("o3", entries)).toBeUndefined();
  });

  it("is none of those that every object has", () => {
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", ""]) {
      expect(overrideOf(name, {})).toBeUndefined();
      expect(priceOfModel(name, {})).toBeUndefined();
    }
  });
});

describe("the price of a model", () => {
  it("is the override's before the table's", () => {
    expect(priceOfModel("gpt-5", {})?.input).toEqual(parseDecimal("1.25"));
    expect(priceOfModel("gpt-5", { "gpt-*": rates("7") })).toEqual(rates("7"));
    expect(priceOfModel("gpt-5", { "gpt-*": rates("7"), "gpt-5": rates("8") })).toEqual(rates("8"));
    expect(priceOfModel("GPT-5", {})).toBeUndefined();
    expect(priceOfModel("gpt-5 ", {})).toBeUndefined();
  });

  it("is in the table for a million tokens, with the input's price where a cache has none of its own", () => {
    const million = { per: 1_000_000n };
    expect(priceOfModel("claude-haiku-4-5", {})).toEqual({
      ...million,
      input: parseDecimal("1"),
      output: parseDecimal("5"),
      cacheRead: parseDecimal("0.1"),
      cacheWrite: parseDecimal("1.25"),
    });
    expect(priceOfModel("mistral-large-2512", {})).toMatchObject({
      ...million,
      cacheRead: parseDecimal("0.5"),
      cacheWrite: parseDecimal("0.5"),
    });
  });

  it("is above zero and readable in every line, for each model once", () => {
    const names = lines.map((line) => line.split(" ")[0] ?? "");
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(50);
    for (const line of lines) {
      expect(line).toMatch(/^[\w./-]+( (\d+|\d+\.\d*[1-9])){2}( (-|\d+|\d+\.\d*[1-9])){0,2}$/);
      expect(priceOfModel(line.split(" ")[0] ?? "", {})?.input.digits).toBeGreaterThan(0n);
    }
  });
});

it("the script writes the table from the numbers as they are written, to the last digit", () => {
  const directory = mkdtempSync(join(tmpdir(), "model-prices-"));
  const fields = [
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
  ];
  // For one token: half of them as they come, half in the shortest form, and one that no float can hold.
  const shown = (price: string, i: number) => (i % 2 ? `${price}e-6` : String(Number(`${price}e-6`)));
  const models = lines.flatMap((line, i) => {
    const [name = "", ...prices] = line.split(" ");
    const members = prices.flatMap((price, k) =>
      price === "-" ? [] : [`"${fields[k]}": ${shown(price, i)}`],
    );
    return ["", "gemini/", "mistral/", "xai/", "groq/"].map(
      (prefix) => `"${prefix}${name}": {${members.join()}}`,
    );
  });
  try {
    mkdirSync(join(directory, "src/core"), { recursive: true });
    const digits = `1.25${"0".repeat(20)}1`;
    const prices = `{${models.join()}}`.replace(
      /("gpt-5": {"input_cost_per_token": )[^,]+/,
      `$1${digits}e-6`,
    );
    writeFileSync(join(directory, "prices.json"), prices);
    const script = resolve("scripts/update-model-prices.ts");
    execFileSync(process.execPath, [script, "prices.json", "2026-07-24"], { cwd: directory });
    expect(readFileSync(join(directory, "src/core/model-prices.ts"), "utf8")).toBe(
      readFileSync("src/core/model-prices.ts", "utf8").replace("gpt-5 1.25 ", `gpt-5 ${digits} `),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
