import { describe, expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import { FILE_LENGTH, fileBytes } from "../../dev/upstream-file.ts";
import { rawRequest } from "../fixtures/raw.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const FILE = fileBytes(FILE_LENGTH);
const LAST = FILE_LENGTH - 1;

/** Accounts apart from those of other tests: paid time is kept by payer. */
const { privateKey } = testAccount(91);

async function codeOf(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { code?: unknown }).code;
}

/** Parts of a file: what is asked for is what comes, and what is kept is handed to nobody who asked for another part. */
export function rangeTests(world: () => World): void {
  /** A call with the client's headers; a priced one is paid. */
  const get = async (path: string, headers: Record<string, string>, method = "GET") =>
    path.startsWith("/free")
      ? fetch(world().gateway.url + path, { method, headers })
      : world().pay(path, { method, headers });

  describe.each(["/free/file", "/file", "/late/file", "/kept/file"])("of %s", (path) => {
    it.each([
      ["the first bytes", "bytes=0-99", 0, 99],
      ["one byte", "bytes=7-7", 7, 7],
      ["from the middle to the end", `bytes=${FILE_LENGTH - 1000}-`, FILE_LENGTH - 1000, LAST],
      ["the last bytes", "bytes=-500", FILE_LENGTH - 500, LAST],
    ])("%s", async (_, range, from, to) => {
      const answer = await get(path, { range });
      expect(answer.status).toBe(206);
      expect(answer.headers.get("content-range")).toBe(`bytes ${from}-${to}/${FILE_LENGTH}`);
      expect(answer.headers.get("accept-ranges")).toBe("bytes");
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(FILE.subarray(from, to + 1));
      const { settle } = world().facilitator.counts;
      expect(settle).toBe(path === "/free/file" ? 0 : 1);
    });

    it("several parts come as multipart, byte for byte", async () => {
      const { upstream } = world();
      const headers = { range: "bytes=0-9, 100-109" };
      const [answer, straight] = await Promise.all([
        get(path, headers),
        fetch(`${upstream.url}/file`, { headers }),
      ]);
      expect(answer.status).toBe(206);
      expect(answer.headers.get("content-type")).toMatch(/^multipart\/byteranges; boundary=/);
      expect(await answer.bytes()).toEqual(await straight.bytes());
    });

    it("a part behind the end is 416 with the length", async () => {
      const answer = await get(path, { range: `bytes=${FILE_LENGTH}-` });
      expect(answer.status).toBe(416);
      expect(answer.headers.get("content-range")).toBe(`bytes */${FILE_LENGTH}`);
    });

    it("If-Range: the part while the file is the same, the whole file once it is another", async () => {
      const same = await get(path, { range: "bytes=0-9", "if-range": '"v1"' });
      expect([same.status, (await same.bytes()).length]).toEqual([206, 10]);
      const other = await get(path, { range: "bytes=0-9", "if-range": '"v0"' });
      expect([other.status, (await other.bytes()).length]).toEqual([200, FILE_LENGTH]);
    });

    it("HEAD tells the length of the file and of a part, without either", async () => {
      const { runtime } = world();
      for (const [range, status, length] of [
        [undefined, 200, FILE_LENGTH],
        ["bytes=0-99", 206, 100],
      ] as const) {
        const answer = await get(path, range === undefined ? {} : { range }, "HEAD");
        expect(answer.status).toBe(status);
        expect(answer.headers.get("accept-ranges")).toBe("bytes");
        // Vercel's edge runtime takes the length off every answer of its own accord.
        expect(answer.headers.get("content-length")).toBe(runtime === "vercel" ? null : String(length));
        expect(await answer.text()).toBe("");
      }
    });
  });

  it("a part is asked for uncompressed: a part of a compressed file would be a part of something else", async () => {
    const { gateway, upstream } = world();
    const headers = { range: "bytes=0-9", "accept-encoding": "gzip" };
    await rawRequest(gateway.url, "/free/file", { headers });
    // Node's fetch says it a second time.
    expect(upstream.requests.at(-1)?.headers["accept-encoding"]).toMatch(/^identity(?:, identity)?$/);
  });

  it("a payment that bought one part does not buy another", async () => {
    const { quote, present, facilitator } = world();
    const payment = await sign(await quote("/file"));
    const first = await present("/file", payment, { headers: { range: "bytes=0-99" } });
    expect((await first.bytes()).length).toBe(100);
    const other = () => present("/file", payment, { headers: { range: "bytes=100-199" } });
    await expect.poll(async () => codeOf(await other())).toBe("payment_already_used");
    expect(facilitator.counts.settle).toBe(1);
  });

  it.each([
    ["a part", { range: "bytes=0-99" }, 206],
    ["no part that fits", { range: `bytes=${FILE_LENGTH}-` }, 416],
    ["nothing new", { "if-none-match": '"v1"' }, 304],
  ])(
    "%s is not kept: who asks for the whole with that payment is not given it for the whole",
    async (_, headers, status) => {
      const { quote, present } = world();
      const payment = await sign(await quote("/kept/file"));
      const first = await present("/kept/file", payment, { headers: headers as Record<string, string> });
      expect(first.status).toBe(status);
      await first.arrayBuffer();
      const again = async () => codeOf(await present("/kept/file", payment));
      await expect.poll(again).toBe("payment_already_used");
    },
  );

  it("the whole file is kept, and is what a part of it is answered with", async () => {
    const { quote, present, upstream } = world();
    const payment = await sign(await quote("/kept/small"));
    const first = await (await present("/kept/small", payment)).text();
    const headers = { range: "bytes=0-3" };
    await expect.poll(async () => (await present("/kept/small", payment, { headers })).status).toBe(200);
    expect(await (await present("/kept/small", payment, { headers })).text()).toBe(first);
    expect(upstream.count("/weather")).toBe(1);
  });

  it("what broke off can be collected from where it broke off, with the same payment", async () => {
    const { quote, present, upstream, facilitator } = world();
    const payment = await sign(await quote("/file?break=1000"));
    const first = await present("/file?break=1000", payment);
    await expect(first.arrayBuffer()).rejects.toThrow();
    const headers = { range: "bytes=1000-" };
    let rest: Response | undefined;
    const status = async () => {
      rest = await present("/file?break=1000", payment, { headers });
      return rest.status;
    };
    await expect.poll(status).toBe(206);
    expect(Buffer.from((await rest?.arrayBuffer()) ?? [])).toEqual(FILE.subarray(1000));
    expect([facilitator.counts.settle, upstream.count("/file")]).toEqual([1, 2]);
  });

  it("within paid time every part is free", async () => {
    const { pay, gateway, facilitator } = world();
    const first = await pay("/timed/file", { headers: { range: "bytes=0-99" } }, { privateKey });
    const token = first.headers.get("tollbooth-session") ?? "";
    for (const from of [5000, 100, 900_000]) {
      const headers = { range: `bytes=${from}-${from + 49}`, "tollbooth-session": token };
      const part = await fetch(`${gateway.url}/timed/file`, { headers });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(FILE.subarray(from, from + 50));
    }
    expect(facilitator.counts.settle).toBe(1);
  });
}
