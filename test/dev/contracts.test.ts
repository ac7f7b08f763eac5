import { expect, test } from "vitest";
import artifacts from "../../dev/contracts/artifacts.json" with { type: "json" };
import { compileContracts } from "../../dev/contracts/compile.ts";

test("the committed artifacts are what the committed sources compile to", () => {
  expect(compileContracts()).toEqual(artifacts);
}, 30_000);
