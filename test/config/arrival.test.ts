/** Pages of other origins, and how long a request may be. */
import { describe, expect, it } from "vitest";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row, set, withKeys } from "./valid.ts";

const ORIGIN = "https://app.example.com";
const cors = (value: unknown): Change => set({ gateway: { cors: value } });
const origins = (...allowedOrigins: string[]) => cors({ allowedOrigins });
const limits = (value: object): Change => set({ gateway: { limits: value } });
const both =
  (...changes: Change[]): Change =>
  (config) =>
    changes.map((change) => change(config));

describe("cors", () => {
  it.each([undefined, false])("is off when it is %s", async (value) => {
    expect((await loadWith(cors(value))).cors).toBeUndefined();
  });

  it.each([true, {}, { allowedOrigins: ["*"], allowedHeaders: ["*"] }])(
    "lets in any page, without cookies, when it is %j",
    async (value) => {
      expect((await loadWith(cors(value))).cors).toEqual({
        origins: undefined,
        methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        headers: undefined,
        exposed: [],
        credentials: false,
        maxAge: 600,
      });
    },
  );

  it.each([
    ORIGIN,
    "http://localhost:3000",
    "https://*.example.com",
    "http://*.localhost:8080",
    "http://[::1]:3000",
    "https://xn--bcher-kva.example",
    "null",
    "chrome-extension://abcdefghijklmnop",
    "capacitor://localhost",
  ])("takes the origin %s", async (origin) => {
    expect((await loadWith(origins(origin))).cors?.origins).toEqual([origin]);
  });

  it.each([
    ["https://app.example.com/", ORIGIN],
    ["https://app.example.com/path", ORIGIN],
    ["https://app.example.com:443", ORIGIN],
    ["https://APP.example.com", ORIGIN],
    ["HTTPS://app.example.com", ORIGIN],
    ["https://*.example.com/", "https://*.example.com"],
    ["https://bücher.example", "https://xn--bcher-kva.example"],
    ["app.example.com", ORIGIN],
    ["https://*", ORIGIN],
    ["*.example.com", ORIGIN],
    ["https://a.*.example.com", ORIGIN],
    ["https://*.*.example.com", ORIGIN],
    ["https://a*.example.com", ORIGIN],
    ["https://", ORIGIN],
    ["chrome-extension://id/page", ORIGIN],
    ["", ORIGIN],
  ])("refuses %j, which no browser sends, and says what to write", async (origin, fix) => {
    const message = `"${origin}" is not an origin`;
    await expectFault([origins(ORIGIN, origin), "gateway.cors.allowedOrigins[1]", message, `write "${fix}"`]);
  });

  it("an origin from a variable that is not set is one fault", async () => {
    expect(await faultsOf(origins("${APP}"))).toMatchObject([
      { path: "gateway.cors.allowedOrigins[0]", kind: "env" },
    ]);
  });

  const ANY = "cannot go with any origin";
  it.each<Row>([
    [cors({ credentials: true }), "gateway.cors.credentials", ANY, "name them"],
    [
      cors({ credentials: true, allowedOrigins: [ORIGIN, "*"] }),
      "gateway.cors.credentials",
      ANY,
      "name them",
    ],
    [
      cors({ credentials: true, allowedOrigins: [ORIGIN], exposedHeaders: ["*"] }),
      "gateway.cors.exposedHeaders",
      "cannot be * with credentials",
      "name them",
    ],
  ])("what browsers would not heed is a fault: %#", (...row) => expectFault(row));

  it.each([
    cors("https://app.example.com"),
    cors({ allowedOrigins: [] }),
    cors({ allowedMethods: ["get"] }),
    cors({ allowedHeaders: ["x y"] }),
    cors({ maxAge: 1.5 }),
    cors({ origins: [ORIGIN] }),
  ])("another shape is a fault: %#", async (change) => {
    expect(await faultsOf(change)).toHaveLength(1);
  });
});

describe("limits", () => {
  it("have defaults", async () => {
    const { limits, routes } = await loadWith(() => undefined);
    expect(limits).toEqual({ urlLength: 8192, headerCount: 100, headerBytes: 32_768 });
    expect(routes[0]).toMatchObject({ maxRequestBytes: Number.POSITIVE_INFINITY, silenceMs: 30_000 });
  });

  it("are what was written; a route's own body limit wins, and false takes any", async () => {
    const written = {
      urlLength: 300,
      headerCount: 20,
      headerBytes: 20_000,
      bodyBytes: 500,
      bodyTimeout: "5s",
    };
    const of = async (members: object) =>
      await loadWith(
        both(
          withKeys("POST /a"),
          ({ routes }) => Object.assign(routes["POST /a"] ?? {}, members),
          limits(written),
        ),
      );
    expect((await of({})).limits).toEqual({ urlLength: 300, headerCount: 20, headerBytes: 20_000 });
    expect((await of({})).routes[0]).toMatchObject({ maxRequestBytes: 500, silenceMs: 5000 });
    expect((await of({ maxRequestBytes: 900 })).routes[0]?.maxRequestBytes).toBe(900);
    expect((await of({ maxRequestBytes: false })).routes[0]?.maxRequestBytes).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    { urlLength: 255 },
    { urlLength: 40_000 },
    { headerCount: 1001 },
    { headerBytes: 8192 },
    { headerBytes: 100_000 },
    { bodyBytes: 0 },
    { bodyTimeout: "2h" },
    { bodyTimeout: "soon" },
    { bodyTimeout: 0 },
    { body: 1 },
  ])("a limit that could not hold, or would shut payments out, is a fault: %j", async (value) => {
    expect(await faultsOf(limits(value))).toHaveLength(1);
  });

  it.each<Row>([
    [
      onRoute({ maxRequestBytes: 10 }),
      "routes.GET /weather.maxRequestBytes",
      "GET calls have no body",
      "leave it out",
    ],
    [
      both(
        withKeys("POST /a"),
        ({ routes }) =>
          Object.assign(routes["POST /a"] ?? {}, {
            price: undefined,
            match: [{ where: { "body.a": 1 }, price: "$0.02" }],
            fallback: "$0.01",
            maxBodyBytes: 501,
          }),
        limits({ bodyBytes: 500 }),
      ),
      "routes.POST /a.maxBodyBytes",
      "is more than a request may have: 500 bytes",
      "raise maxRequestBytes, or leave it out",
    ],
  ])("a limit that does nothing is a fault: %#", (...row) => expectFault(row));
});
