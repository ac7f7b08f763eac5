/** The example `examples/video`: one range is paid for, the rest of the hour is watched. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { fileBytes, serveFile } from "../../dev/upstream-file.ts";
import { type Example, startExample, startMock } from "./harness.ts";

const PRICE = 250_000n;
const VIDEO = fileBytes(3_000_000);

let example: Example;
let videos: Awaited<ReturnType<typeof startMock>>;

beforeAll(async () => {
  videos = await startMock((req, res) => {
    if (req.url === "/videos/whale.mp4") serveFile(req, res, VIDEO, "video/mp4");
    else if (req.url === "/posters/whale.jpg") res.end("a whale");
    else res.writeHead(404).end();
  });
  example = await startExample({
    config: "examples/video/tollbooth.config.ts",
    vars: { VIDEOS_URL: videos.url },
  });
});
afterAll(async () => {
  await example?.close();
  await videos?.close();
});

it("the poster is free, the video is not", async () => {
  expect(await (await example.call("/posters/whale.jpg")).text()).toBe("a whale");
  const headers = { range: "bytes=0-" };
  expect((await example.call("/videos/whale.mp4", { headers })).status).toBe(402);
});

it("a player pays once, seeks as it likes, and has the video byte for byte", async () => {
  const { pay, call, earned } = example;
  let token = "";
  let cookie = "";
  const first = await earned(async () => {
    const answer = await pay("/videos/whale.mp4", { headers: { range: "bytes=0-999999" } });
    expect([answer.status, answer.headers.get("content-range")]).toEqual([206, "bytes 0-999999/3000000"]);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(VIDEO.subarray(0, 1_000_000));
    token = answer.headers.get("tollbooth-session") ?? "";
    cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  });
  expect(first).toBe(PRICE);
  const seeking = await earned(async () => {
    for (const headers of [{ "tollbooth-session": token }, { cookie }]) {
      for (const [from, to] of [
        [2_000_000, 2_999_999],
        [1_000_000, 1_999_999],
      ] as const) {
        const part = await call("/videos/whale.mp4", {
          headers: { ...headers, range: `bytes=${from}-${to}` },
        });
        expect(part.status).toBe(206);
        expect(Buffer.from(await part.arrayBuffer())).toEqual(VIDEO.subarray(from, to + 1));
      }
    }
    // A client that keeps no session signs anew, and is not charged for it.
    const whole = await pay("/videos/whale.mp4");
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(VIDEO);
  });
  expect(seeking).toBe(0n);
});
