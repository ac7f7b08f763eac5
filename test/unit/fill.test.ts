/** Which answers are stored while they go out: only whole ones. */
import { expect, it } from "vitest";
import { type Draft, fill } from "../../src/caching/fill.ts";
import type { Found } from "../../src/caching/look.ts";
import type { CacheStore, Keeping } from "../../src/core/kept.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, routeOf } from "./call.ts";

/** Sends an answer on that announces `length`; what was stored of it, and whether others were let ask. */
async function sent(body: string, length: number, maxBytes = 100) {
  const call = compileMatch([routeOf("GET /a")])(arrivalOf("GET", "/a"));
  const late: Promise<unknown>[] = [];
  const stored: Keeping[] = [];
  const ends: string[] = [];
  const store = {
    keep: async (keeping: Keeping) => stored.push(keeping) > 0,
  } as unknown as CacheStore;
  const found = {
    seeking: {
      call: { ...call, waitUntil: (work: Promise<unknown>) => late.push(work) },
      rules: { maxBytes },
    },
    lease: { end: () => ends.push("end"), letGo: () => ends.push("let go") },
  } as unknown as Found;
  const response = new Response(body, { headers: { "content-length": String(length) } });
  const answer = fill(found, { response, stop: () => undefined }, { head: {} } as Draft, {
    store,
    emit: () => undefined,
  });
  const text = await answer.response.text();
  await Promise.all(late);
  return { text, stored: stored.map(({ body }) => body), ends };
}

it("a whole answer is stored, and the lease has ended", async () => {
  expect(await sent("whole", 5)).toEqual({ text: "whole", stored: ["whole"], ends: ["end"] });
});

it("one that ends before the length it has announced is handed on, not stored, and others may ask", async () => {
  expect(await sent("short", 10)).toEqual({ text: "short", stored: [], ends: ["let go"] });
});

it("one that is longer than is kept is handed on whole, not stored, and others may ask", async () => {
  expect(await sent("too long", 8, 4)).toEqual({ text: "too long", stored: [], ends: ["let go"] });
});
