import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileMatch } from "../../src/routing/match.ts";
import { clientLocation } from "../../src/routing/rewrite.ts";
import { arrivalOf, codeOf, routeOf } from "./call.ts";

const BASE = "https://api.example/base/v1";

function callOf(key: string, path: string | undefined, request: string, base = BASE) {
  return compileMatch([routeOf(key, { base, ...(path === undefined ? {} : { path }) })])(
    arrivalOf("GET", request),
  );
}
const targetOf = (...args: Parameters<typeof callOf>) => callOf(...args).target.href;

/** What might lead somewhere else, or become a second parameter. */
const hostile = fc.oneof(
  fc.constantFrom(
    ..."* ** .. . ... ../.. / // \\ ; ? # & = % %2e %2f @evil.example :80 https://evil.example $& $1 ${params.b}".split(
      " ",
    ),
    "\r\nx: y",
    "a&admin=1",
    "a b+c",
    "\u0000",
    "",
  ),
  fc.string({ unit: "binary-ascii", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);

describe("where a call goes", () => {
  it("is always under the configured base, whatever the client puts into path and query", async () => {
    let reached = 0;
    await fc.assert(
      fc.property(
        fc.constantFrom(
          undefined,
          "/x/${params.a}/${query.q}",
          "/${query.q}/${params.b}",
          "/${params.a}x*",
          "/y?z=${query.q}&w=${params.a}",
        ),
        hostile,
        hostile,
        hostile,
        hostile,
        (template, a, b, rest, q) => {
          const encode = encodeURIComponent;
          const request = `/w/${encode(a)}/${encode(b)}/${encode(rest)}?q=${encode(q)}&r=${encode(rest)}`;
          const call = (() => {
            try {
              return callOf("GET /w/:a/:b/*", template, request);
            } catch (error) {
              expect(error).toMatchObject({
                code: expect.stringMatching(/^(?:path_not_canonical|route_not_found)$/),
              });
              return undefined;
            }
          })();
          if (!call) return;
          reached += 1;
          const { target } = call;
          expect(target.origin).toBe("https://api.example");
          expect(target.pathname.startsWith("/base/v1/")).toBe(true);
          expect(target.username + target.password + target.hash).toBe("");
          for (const segment of target.pathname.split("/").map(decodeURIComponent)) {
            expect(segment).not.toMatch(/^\.{1,2}$|[/\\;]/);
          }
          if (template?.includes("?")) {
            expect([...target.searchParams]).toEqual([
              ["z", q],
              ["w", a],
            ]);
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(reached).toBeGreaterThan(300);
  });

  it.each([
    ["GET /a", undefined, "/a?x=1&x=2", `${BASE}/a?x=1&x=2`],
    ["GET /a/:b", "/c/${params.b}", "/a/1?x=1", `${BASE}/c/1?x=1`],
    ["GET /a", "/c/${query.q}", "/a?q=1", `${BASE}/c/1?q=1`],
    ["GET /a", "/c?k=${query.q}", "/a?q=1&admin=1", `${BASE}/c?k=1`],
    ["GET /a", "/c?k=${query.q}", "/a", `${BASE}/c?k=`],
    ["GET /a", "/c?", "/a?q=1", `${BASE}/c?`],
    ["GET /f/*", "/g/*", "/f/x/y%20z", `${BASE}/g/x/y%20z`],
    ["GET /f/*", "/g/*", "/f/", `${BASE}/g/`],
  ])("%s by %s: %s goes to %s", (key, template, request, target) => {
    expect(targetOf(key, template, request)).toBe(target);
  });

  it("fills a * of the client's own in as a character, not as the rest of the path", () => {
    expect(targetOf("GET /:a/*", "/g/${params.a}/*", "/*/rest")).toBe(`${BASE}/g/*/rest`);
  });

  it.each([
    ["GET /a", "/c/${query.q}", "/a"],
    ["GET /a", "/c/${query.q}/d", "/a?q="],
    ["GET /a", "/c/${query.q}", "/a?q=.."],
    ["GET /a", "/c/${query.q}", "/a?q=x/y"],
    ["GET /a", "/c/${query.q}", "/a?q=%252e"],
  ])("%s by %s: %s is refused, because the path would mean something else", (key, template, request) => {
    expect(codeOf(() => callOf(key, template, request))).toBe("path_not_canonical");
  });
});

describe("a redirect of the upstream", () => {
  it.each([
    ["within the base", "GET /a", undefined, "https://api.example/base/v1/b?x=1#y", "/b?x=1#y"],
    ["relative", "GET /a/b", undefined, "c", "/a/c"],
    ["to the base itself", "GET /a", undefined, "https://api.example/base/v1", "/"],
    ["into a rewritten prefix", "GET /f/*", "/g/*", "/base/v1/g/x/y", "/f/x/y"],
    ["beside a rewritten prefix", "GET /f/*", "/g/*", "/base/v1/h/x", "/h/x"],
    ["to another host", "GET /a", undefined, "https://other.example/x", "https://other.example/x"],
    ["to something that is no URL", "GET /a", undefined, "https://", "https://"],
    ["to a path that looks like a host", "GET /a", undefined, "/base/v1//evil.example", "/evil.example"],
    ["to a base with a longer name", "GET /a", undefined, "/base/v12/x", "/base/v12/x"],
  ])("%s", (_, key, template, location, expected) => {
    const request = key.replace("GET ", "").replace("*", "x");
    expect(clientLocation(location, callOf(key, template, request))).toBe(expected);
  });

  it("never names the upstream's host or leads the client to another", async () => {
    await fc.assert(
      fc.property(
        fc.array(fc.constantFrom("/", "//", "\\", "..", "a", "base/v1", "%2f", "evil.example"), {
          maxLength: 8,
        }),
        (parts) => {
          const location = clientLocation(
            `https://api.example/${parts.join("")}`,
            callOf("GET /a", undefined, "/a"),
          );
          const seen = new URL(location, "https://gateway.example/a");
          expect(seen.host).toBe("gateway.example");
        },
      ),
    );
  });
});
