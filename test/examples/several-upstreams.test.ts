/** The example `examples/several-upstreams`: each upstream gets its own headers and key, and no other's. */
import type { IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Example, startExample, startMock } from "./harness.ts";

type Seen = { upstream: string; url: string; headers: IncomingHttpHeaders; body: string };

let example: Example;
const mocks: Awaited<ReturnType<typeof startMock>>[] = [];

/** An API that says what it was asked. */
async function mirror(upstream: string): Promise<string> {
  const mock = await startMock(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    res.end(JSON.stringify({ upstream, url: req.url ?? "", headers: req.headers, body } satisfies Seen));
  });
  mocks.push(mock);
  return mock.url;
}

beforeAll(async () => {
  const vars = {
    WEATHER_URL: await mirror("weather"),
    MAPS_URL: await mirror("maps"),
    MAPS_KEY: "key-of-maps",
  };
  example = await startExample({ config: "examples/several-upstreams/tollbooth.config.ts", vars });
});
afterAll(async () => {
  await example?.close();
  for (const mock of mocks) await mock.close();
});

const read = async (answer: Response) => (await answer.json()) as Seen;

it("weather is free and sees nothing of the key of maps", async () => {
  const seen = await read(await example.call("/weather/lisbon"));
  expect(seen).toMatchObject({ upstream: "weather", url: "/weather/lisbon" });
  expect(seen.headers["x-client"]).toBe("tollbooth");
  expect(JSON.stringify(seen)).not.toContain("key-of-maps");
});

it("a tile costs a fifth of a cent, and maps gets its key over whatever the client sends", async () => {
  expect((await example.call("/maps/tiles/7/62/40.png")).status).toBe(402);
  const earned = await example.earned(async () => {
    const headers = { authorization: "Bearer the client's own" };
    const seen = await read(await example.pay("/maps/tiles/7/62/40.png", { headers }));
    expect(seen).toMatchObject({ upstream: "maps", url: "/v2/tiles/7/62/40.png" });
    expect(seen.headers.authorization).toBe("Bearer key-of-maps");
    expect(seen.headers).not.toHaveProperty("x-client");
    expect(seen.headers).not.toHaveProperty("payment-signature");
  });
  expect(earned).toBe(2000n);
});

it("a route is computed from the body that was sent, for three cents", async () => {
  const body = JSON.stringify({ from: "Lisbon", to: "Porto" });
  const earned = await example.earned(async () => {
    const seen = await read(await example.pay("/maps/route", { method: "POST", body }));
    expect(seen).toMatchObject({ upstream: "maps", url: "/v2/route", body });
  });
  expect(earned).toBe(30_000n);
});
