/** A Node instance that is told to stop, with clients that keep their connections for the next call. */
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(2);
});
afterAll(() => cluster?.close());

it("an instance that stops ends the call in flight, and the connection with it", async () => {
  const slot = cluster.slots.find(({ runtime, isUp }) => runtime === "node" && isUp());
  const { header, id, path } = await cluster.sign("/weather");
  const url = slot?.url() ?? "";
  const agent = new Agent({ keepAlive: true });
  const asking = get(url + path, { agent, headers: { "payment-signature": header } });
  await expect.poll(() => cluster.upstream.runs.get(id)?.started, { interval: 1 }).toBe(1);
  const stopped = slot?.stop();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  expect(JSON.parse(await text(answer))).toMatchObject({ answer: { to: id } });
  // Whoever keeps the connection could go on calling: the instance would never be idle, and cut calls in the end.
  const next = get(url + path, { agent, headers: { "payment-signature": header } });
  const outcome = once(next, "response").then(
    ([{ statusCode }]) => statusCode,
    ({ code }) => code,
  );
  expect(["ECONNREFUSED", "ECONNRESET"]).toContain(await outcome);
  await stopped;
});
