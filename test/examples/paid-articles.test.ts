/** The example `examples/paid-articles`: previews are free, articles are paid for one by one. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Example, startExample, startMock } from "./harness.ts";

const ARTICLES: Record<string, string> = {
  "/articles": "tides, whales",
  "/articles/2026/tides": "All about tides.",
  "/articles/2026/tides/preview": "All about…",
  "/articles/2026/tides/moon.svg": "<svg/>",
  "/articles/archive/1998/whales": "What we knew of whales.",
};

let example: Example;
let magazine: Awaited<ReturnType<typeof startMock>>;

beforeAll(async () => {
  magazine = await startMock((req, res) => {
    const text = ARTICLES[req.url ?? ""];
    // One press is broken.
    if (text === undefined) res.writeHead(req.url === "/articles/2026/broken" ? 500 : 404);
    res.end(text);
  });
  example = await startExample({
    config: "examples/paid-articles/tollbooth.config.ts",
    vars: { MAGAZINE_URL: magazine.url },
  });
});
afterAll(async () => {
  await example?.close();
  await magazine?.close();
});

it.each(["/articles", "/articles/2026/tides/preview"])("%s is free", async (path) => {
  expect(await (await example.call(path)).text()).toBe(ARTICLES[path]);
});

it.each([
  ["/articles/2026/tides", 50_000n],
  ["/articles/2026/tides/moon.svg", 50_000n],
  ["/articles/archive/1998/whales", 10_000n],
])("%s costs %s", async (path, price) => {
  expect((await example.call(path)).status).toBe(402);
  const earned = await example.earned(async () => {
    const answer = await example.pay(path);
    expect(answer.headers.get("payment-response")).not.toBeNull();
    expect(await answer.text()).toBe(ARTICLES[path]);
  });
  expect(earned).toBe(price);
});

it("an article is paid for each time, and one that the magazine fails to bring costs nothing", async () => {
  const { pay, earned } = example;
  const twice = async () => {
    for (let i = 0; i < 2; i++) await (await pay("/articles/2026/tides")).text();
  };
  expect(await earned(twice)).toBe(100_000n);
  const failing = async () => expect((await pay("/articles/2026/broken")).status).toBe(500);
  expect(await earned(failing)).toBe(0n);
});
