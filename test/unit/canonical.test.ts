import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCanonicalPath } from "../../src/core/canonical.ts";

/** What careless readers stumble over, and harmless neighbours. */
const piece = fc.constantFrom(
  ..."a A 0 . .. / // %2e %2E %2f %2F %5c \\ ; %3b %25 %2525 %252e %41 %7e ~ % %2 %zz %00 %0a %20 %09 %7f".split(
    " ",
  ),
  ..."%c3%a9 %C3%A9 %c3 %c0%af %e0%80%af %ff é ü/ʼ 𝄞 %f0%9d%84%9e # ? & = + : @ ! $ ' ( ) * , | ^ ` { } < > \" [ ]".split(
    " ",
  ),
  " ",
  "\t",
  "\n",
  "\u00a0",
  "\u2028",
);
const path = fc
  .array(piece, { maxLength: 8 })
  .map((pieces) => `/${pieces.join("")}`)
  .filter((text) => !text.includes("?"));

const read = (text: string) => new URL(text, "https://gateway.example").pathname;
const segments = (text: string) => text.split("/").map((segment) => decodeURIComponent(segment));

describe("a canonical path", () => {
  it("has the same segments for who decodes it as it came and who parses it as a URL, once or many times", async () => {
    let canonical = 0;
    await fc.assert(
      fc.property(path, (text) => {
        if (!isCanonicalPath(text) || !isCanonicalPath(read(text))) return;
        canonical += 1;
        expect(segments(read(text))).toEqual(segments(text));
        expect(read(read(text))).toBe(read(text));
      }),
      { numRuns: 5000 },
    );
    expect(canonical).toBeGreaterThan(200);
  });

  it("means the same to who decodes twice: no separator, dot or escape appears", async () => {
    await fc.assert(
      fc.property(path, (text) => {
        if (!isCanonicalPath(text) || !isCanonicalPath(read(text))) return;
        for (const segment of segments(text)) {
          expect(segment).not.toMatch(/[/\\;]|^\.{1,2}$|%[0-9a-f]{2}/i);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    "/",
    "/weather",
    "/weather/",
    "/a.b/..c/...",
    "/caf%C3%A9",
    "/caf%c3%a9",
    "/a%20b",
    "/100%25",
    "/~user/-_.",
    "/a:b@c!$&'()*+,=",
    "/%F0%9D%84%9E",
  ])("%s is one", (text) => {
    expect(isCanonicalPath(text)).toBe(true);
  });

  it.each([
    ["not rooted", "weather"],
    ["empty", ""],
    ["two slashes", "//evil.example/x"],
    ["two slashes inside", "/a//b"],
    ["two slashes at the end", "/a//"],
    ["a dot segment", "/a/./b"],
    ["a dot segment at the end", "/a/."],
    ["a parent", "/a/../b"],
    ["a parent at the end", "/a/.."],
    ["an escaped parent", "/a/%2e%2e/b"],
    ["a half-escaped parent", "/a/.%2E/b"],
    ["an escaped slash", "/a%2Fb"],
    ["a backslash", "/a\\b"],
    ["an escaped backslash", "/a%5cb"],
    ["path parameters, as servlets read them", "/a;x=1/b"],
    ["escaped path parameters", "/a%3Bx"],
    ["a needless escape", "/%77eather"],
    ["an escaped unreserved character", "/%7Euser"],
    ["an escape in an escape", "/a%252Fb"],
    ["an escape in an escape in an escape", "/a%25252e"],
    ["a half escape", "/a%2"],
    ["a bare percent sign", "/a%"],
    ["a percent sign before other characters", "/a%zz"],
    ["a zero byte", "/a%00b"],
    ["an escaped line break", "/a%0d%0ab"],
    ["an escaped delete", "/a%7f"],
    ["a space", "/a b"],
    ["a tab, which URL parsers drop", "/a\tb"],
    ["a line break, which URL parsers drop", "/.\n./b"],
    ["a fragment", "/a#b"],
    ["overlong UTF-8 for a slash", "/a%c0%afb"],
    ["overlong UTF-8 for a dot", "/a/%c0%ae%c0%ae/b"],
    ["half a character", "/a%c3"],
    ["a lone surrogate", "/a%ed%a0%80"],
  ])("refuses %s: %j", (_, text) => {
    expect(isCanonicalPath(text)).toBe(false);
  });
});
