/** Which of several targets a call goes to. */
import { describe, expect, it } from "vitest";
import type { Target } from "../../src/core/upstream.ts";
import { chooseTarget, urlAt } from "../../src/proxy/targets.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { clientLocation } from "../../src/routing/rewrite.ts";
import { arrivalOf, routeOf, upstreamOf } from "./call.ts";

const A = "https://a.example/";
const B = "https://b.example/";
const C = "https://c.example/";

describe("the choice", () => {
  const upstream = upstreamOf([A, B, C]);
  const [a, b, c] = upstream.targets as [Target, Target, Target];
  /** Every target that some chance leads to. */
  const choices = (out: string[], tried: Target[]) =>
    new Set(
      Array.from({ length: 100 }, (_, i) => chooseTarget(upstream, new Set(out), new Set(tried), i / 100)),
    );

  it.each<[out: string[], tried: Target[], expected: Target[]]>([
    [[], [], [a, b, c]],
    [[A], [], [b, c]],
    [[], [a], [b, c]],
    [[A], [b], [c]],
    [[A, C], [b], [a, c]],
    [[A], [a, b, c], [b, c]],
    [[A, B, C], [], [a, b, c]],
    [[A, B, C], [a], [b, c]],
    [
      [A, B, C],
      [a, b, c],
      [a, b, c],
    ],
    [["https://gone.example/"], [], [a, b, c]],
  ])("%#: a new one that is in, else a new one, else one that is in, else any", (out, tried, expected) => {
    expect(choices(out, tried)).toEqual(new Set(expected));
  });

  it("is by weight among those", () => {
    const weighted = {
      targets: [
        { ...a, weight: 5 },
        { ...b, weight: 1 },
        { ...c, weight: 4 },
      ] as [Target, ...Target[]],
    };
    const counts: Record<string, number> = {};
    for (let i = 0; i < 1000; i++) {
      const { id } = chooseTarget(weighted, undefined, new Set(), i / 1000);
      counts[id] = (counts[id] ?? 0) + 1;
    }
    expect(counts).toEqual({ [A]: 500, [B]: 100, [C]: 400 });
  });
});

describe("the place", () => {
  const route = {
    ...routeOf("GET /a/*", { path: "/inner/*" }),
    upstream: upstreamOf(["https://a.example/v1", "https://b.example/x/v2"]),
  };
  const call = compileMatch([route])(arrivalOf("GET", "/a/b%20c?q=1&q=2"));

  it("of a call at another target is that target's base, with the same path and query", () => {
    const urls = route.upstream.targets.map((target) => urlAt(target, call).href);
    expect(urls).toEqual([
      "https://a.example/v1/inner/b%20c?q=1&q=2",
      "https://b.example/x/v2/inner/b%20c?q=1&q=2",
    ]);
  });

  it.each([
    ["https://b.example/x/v2/inner/d", "/a/d"],
    ["https://a.example/v1/inner/d", "/a/d"],
    ["d", "/a/d"],
    ["/elsewhere", "/elsewhere"],
    ["https://c.example/x", "https://c.example/x"],
  ])("of a redirect into any of them is the gateway's: %s", (location, expected) => {
    const [, second] = route.upstream.targets;
    const at = second ? urlAt(second, call) : call.target;
    expect(clientLocation(location, call, at)).toBe(expected);
  });
});
