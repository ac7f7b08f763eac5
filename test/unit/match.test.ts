import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, codeOf, routeOf } from "./call.ts";

const KEYS = [
  "GET /*",
  "GET /data/*",
  "GET /data/:id",
  "GET /data/special",
  "GET /data/:id/*",
  "POST /data/:id",
  "GET /data/:id/raw",
];

const matchOf = (keys: readonly string[]) => compileMatch(keys.map((key) => routeOf(key)));
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe("the route of a call", () => {
  it("is the most specific one, whatever the order in the configuration", async () => {
    const expected: Record<string, string> = {
      "GET /data/special": "GET /data/special",
      "GET /data/42": "GET /data/:id",
      "GET /data/42/raw": "GET /data/:id/raw",
      "GET /data/42/else": "GET /data/:id/*",
      "GET /data/special/x": "GET /data/:id/*",
      "GET /data/": "GET /data/*",
      "GET /data": "GET /*",
      "GET /": "GET /*",
      "POST /data/special": "POST /data/:id",
    };
    await fc.assert(
      fc.property(fc.shuffledSubarray(KEYS, { minLength: KEYS.length }), (keys) => {
        const match = matchOf(keys);
        for (const [call, route] of Object.entries(expected)) {
          const [method = "", path = ""] = call.split(" ");
          expect(match(arrivalOf(method, path)).route.key, call).toBe(route);
        }
      }),
    );
  });

  it("is that of GET for HEAD, before that of any method", () => {
    expect(matchOf(["* /a", "GET /a"])(arrivalOf("HEAD", "/a")).route.key).toBe("GET /a");
    expect(matchOf(["* /a", "POST /a"])(arrivalOf("HEAD", "/a")).route.key).toBe("* /a");
  });

  it("of its own method wins over that of any method, and a more specific one over both", () => {
    const match = matchOf(["* /a", "POST /a", "DELETE /:x"]);
    expect(match(arrivalOf("POST", "/a")).route.key).toBe("POST /a");
    expect(match(arrivalOf("DELETE", "/a")).route.key).toBe("* /a");
  });

  it("is none for a path of the gateway's own, with whatever slip: an operator's token goes to no upstream", () => {
    const match = matchOf(["* /*", "* /:a", "* /:a/:b"]);
    const slips = [
      "/__tollbooth/",
      "/__tollbooth/login/",
      "/__tollbooth/cache/purge/",
      "/__tollbooth",
      "/__Tollbooth/x",
    ];
    for (const path of slips)
      expect(
        thrownBy(() => match(arrivalOf("POST", path))),
        path,
      ).toMatchObject({ code: "route_not_found" });
    expect(match(arrivalOf("POST", "/__tollbooths")).route.key).toBe("* /:a");
  });

  it("is not hinted at where it is hidden", () => {
    const hidden = { ...routeOf("GET /internal/report"), hidden: true };
    const match = compileMatch([hidden, routeOf("GET /weather")]);
    const hintFor = (path: string) => thrownBy(() => match(arrivalOf("GET", path)));
    expect(hintFor("/internal/repor")).toMatchObject({ details: {} });
    expect(JSON.stringify(hintFor("/internal/repor"))).not.toContain("report");
    expect(hintFor("/weathe")).toMatchObject({ details: { hint: "Did you mean GET /weather?" } });
  });

  it("gets its parameters decoded, and the rest behind * as it came", () => {
    const { params } = matchOf(["GET /:a/x/:b/*"])(arrivalOf("GET", "/caf%C3%A9/x/a%20b/c%20d/e"));
    expect(params).toEqual({ a: "café", b: "a b", "*": "c%20d/e" });
  });

  it("is found by a literal however its characters are written", () => {
    expect(matchOf(["GET /café"])(arrivalOf("GET", "/caf%c3%a9")).route.key).toBe("GET /café");
  });

  it.each([
    ["/data/42/", "a slash at the end"],
    ["/data/", "an empty parameter"],
    ["/data", "a segment too few"],
    ["/data/42/x", "a segment too many"],
    ["/DATA/42", "another case"],
    ["/constructor", "a name that every object has"],
    ["/__proto__/x", "a prototype"],
  ])("%s is not that of /data/:id: %s", (path) => {
    expect(codeOf(() => matchOf(["GET /data/:id"])(arrivalOf("GET", path)))).toBe("route_not_found");
  });

  it("is none for a path with two readings, even where everything is sold", () => {
    const match = matchOf(["* /*"]);
    expect(codeOf(() => match(arrivalOf("GET", "/a%2Fb")))).toBe("path_not_canonical");
    // The platform's URL is tidied up already; what was on the wire counts.
    const tidied = { ...arrivalOf("GET", "/b"), rawPath: "/a/../b" };
    expect(codeOf(() => match(tidied))).toBe("path_not_canonical");
  });
});

describe("a path that a careless upstream reads as a dearer route", () => {
  const match = compileMatch([
    routeOf("GET /:page", { price: "$0.01" }),
    routeOf("GET /premium", { price: "$5" }),
    routeOf("GET /cheap", { price: "$0" }),
    routeOf("GET /files/*"),
    routeOf("GET /files/secret", { price: "$1" }),
    routeOf("GET /articles/:slug/preview"),
    routeOf("GET /articles/*", { price: "$2" }),
  ]);

  it.each(["/Premium", "/PREMIUM", "/files/Secret", "/files/secret/"])("%s is refused", (path) => {
    expect(codeOf(() => match(arrivalOf("GET", path)))).toBe("path_not_canonical");
  });

  it.each([
    ["/premium", "GET /premium"],
    ["/Cheap", "GET /:page"],
    ["/other", "GET /:page"],
    ["/files/secret", "GET /files/secret"],
    ["/files/secret/x", "GET /files/*"],
    // Cheaper than the wildcard around it, on purpose.
    ["/articles/tides/preview", "GET /articles/:slug/preview"],
    ["/articles/tides/preview/", "GET /articles/*"],
  ])("%s is not one of those: %s", (path, key) => {
    expect(match(arrivalOf("GET", path)).route.key).toBe(key);
  });
});

describe("a call that no route takes", () => {
  it("is told the methods of its path, HEAD with GET", () => {
    const thrown = thrownBy(() =>
      matchOf(["GET /a", "POST /a", "DELETE /:x", "PUT /b"])(arrivalOf("PATCH", "/a")),
    );
    expect(thrown).toMatchObject({ code: "method_not_allowed" });
    const { details } = thrown as { details: { headers: { allow: string } } };
    expect(details.headers.allow.split(", ").sort()).toEqual(["DELETE", "GET", "HEAD", "POST"]);
  });

  it.each([
    ["GET", "/wether", "Did you mean GET /weather?"],
    ["GET", "/weather/", "Did you mean GET /weather?"],
    ["GET", "/data/1/2", "Did you mean GET /data/:id?"],
  ])("%s %s is shown a near miss", (method, path, hint) => {
    const thrown = thrownBy(() => matchOf(["GET /weather", "GET /data/:id"])(arrivalOf(method, path)));
    expect(thrown).toMatchObject({ code: "route_not_found", details: { hint } });
  });

  it("is shown nothing when nothing is near, and a very long path is not measured in full", () => {
    const match = matchOf(["GET /weather"]);
    for (const path of ["/something/else/entirely", `/${"a".repeat(100_000)}`]) {
      const thrown = thrownBy(() => match(arrivalOf("GET", path)));
      expect(thrown).toMatchObject({ code: "route_not_found", details: {} });
      expect((thrown as { details: object }).details).not.toHaveProperty("hint");
    }
  });
});
