import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startUpstream, type Upstream } from "../../dev/upstream.ts";

let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream();
});
beforeEach(() => upstream.reset());
afterAll(() => upstream?.close());

const get = (path: string, init?: RequestInit) => fetch(`${upstream.url}${path}`, init);

test("answers JSON and remembers what it was asked", async () => {
  expect(await (await get("/weather?day=1", { headers: { "x-test": "yes" } })).json()).toHaveProperty("sky");
  expect(await (await get("/data/a%20b")).json()).toEqual({ id: "a b" });
  expect((await get("/nothing")).status).toBe(404);
  expect(upstream.requests.map(({ method, url, finished }) => [method, url, finished])).toEqual([
    ["GET", "/weather?day=1", true],
    ["GET", "/data/a%20b", true],
    ["GET", "/nothing", true],
  ]);
  expect(upstream.requests[0]?.headers).toHaveProperty("x-test", "yes");
  expect(upstream.count("/weather")).toBe(1);
});

test("streams a body back before it has all of it", async () => {
  const { readable, writable } = new TransformStream<Uint8Array>();
  const writer = writable.getWriter();
  const answer = get("/echo", { method: "POST", body: readable, duplex: "half" } as RequestInit);
  void writer.write(new TextEncoder().encode("one,"));
  const reader = (await answer).body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe("one,");
  void writer.write(new TextEncoder().encode("two"));
  await writer.close();
  expect((await reader?.read())?.value).toBe("two");
});

test("sends the first event at once, and notices a reader who leaves", async () => {
  const response = await get("/events?count=0&interval=100000");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toContain('data: {"n":1}');
  await reader?.cancel();
  await vi.waitFor(() => expect(upstream.requests[0]).toMatchObject({ closedEarly: true, finished: false }));
  expect(await (await get("/events?count=3&interval=1")).text()).toMatch(/n":1.*n":2.*n":3/s);
});

test.each([200, 201, 204, 304, 404, 500, 503])("answers with status %i", async (status) => {
  const response = await get(`/status/${status}`);
  expect(response.status).toBe(status);
  expect(await response.text()).toBe(status === 204 || status === 304 ? "" : `{"status":${status}}\n`);
});

test("writes a large body no faster than it is read, and counts what left", async () => {
  expect((await (await get("/large?bytes=1000000")).arrayBuffer()).byteLength).toBe(1_000_000);
  expect(upstream.requests[0]?.bytesWritten).toBe(1_000_000);
  const reader = (await get("/large?bytes=500000000")).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await vi.waitFor(() => expect(upstream.requests[1]?.closedEarly).toBe(true));
  expect(upstream.requests[1]?.bytesWritten).toBeLessThan(100_000_000);
});

test("compresses, sets two cookies, redirects", async () => {
  const zipped = await get("/gzip");
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  expect(await zipped.json()).toHaveProperty("compressed", true);
  expect((await get("/cookies")).headers.getSetCookie()).toHaveLength(2);
  const moved = await get("/redirect?to=/weather", { redirect: "manual" });
  expect([moved.status, moved.headers.get("location")]).toEqual([302, "/weather"]);
});

test("breaks off in the middle of a body", async () => {
  const response = await get("/break");
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
  await vi.waitFor(() => expect(upstream.requests[0]).toMatchObject({ finished: false, closedEarly: false }));
});

test("hangs until the client gives up", async () => {
  const client = new AbortController();
  const answer = get("/hang", { signal: client.signal });
  await vi.waitFor(() => expect(upstream.count("/hang")).toBe(1));
  client.abort();
  await expect(answer).rejects.toThrow("aborted");
  await vi.waitFor(() => expect(upstream.requests[0]?.closedEarly).toBe(true));
});

test("survives a target that cannot be decoded, and closes while a request hangs", async () => {
  expect((await get("/data/%E0%A4%A")).status).toBe(400);
  const other = await startUpstream();
  const answer = expect(fetch(`${other.url}/hang`)).rejects.toThrow();
  await vi.waitFor(() => expect(other.requests).toHaveLength(1));
  await other.close();
  await answer;
});
