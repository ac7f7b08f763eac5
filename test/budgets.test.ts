/** What must not grow unnoticed: the bundle, the public surface, what is packed. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import * as surface from "../src/index.ts";

it("the worker is at most 184 KiB, minified and gzipped", () => {
  const script = readFileSync(".build/test/cloudflare.js");
  expect(gzipSync(script, { level: 9 }).byteLength).toBeLessThanOrEqual(184 * 1024);
});

it("the worker imports nothing: no Node, no second file", () => {
  const script = readFileSync(".build/test/cloudflare.js", "utf8");
  expect(script.match(/(?:^|[;}\n])import[\s{*"]/g)).toBeNull();
});

it("the package exports what it says and nothing else", () => {
  expect(Object.keys(surface).sort()).toEqual(["ConfigError", "createTollbooth", "defineConfig"]);
});

it("no machine path and no registry host is in the repository", () => {
  const pattern = "/work/|/root/|/home/|https?://(registry|deb)\\.";
  const search = () =>
    execFileSync("git", ["grep", "-nE", pattern, "--", ".", ":!test/budgets.test.ts"], { encoding: "utf8" });
  expect(search).toThrow(expect.objectContaining({ status: 1 }));
});
