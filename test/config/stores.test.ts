/** Where the stores are, in every form that people bring along: the seeds' own examples, values unchanged. */
import { describe, expect, it } from "vitest";
import { startRedis } from "../../dev/redis.ts";
import { compose } from "../../src/compose.ts";
import type { Call, Payment } from "../../src/core/call.ts";
import { BACKENDS, postJson } from "../bridge/backends.ts";
import { type Change, faultsOf, loadWith } from "./valid.ts";

const UPSTASH = "rediss://default:s%2Fecret@eu1-mole-1.upstash.io:6379";
const HTTP = { url: "https://eu1-mole-1.upstash.io", token: "s/ecret", timeoutMs: 2000 };
const BRIDGE =
  'run "tollbooth redis-bridge" in front of it and write the bridge\'s http(s) URL and token, or use an Upstash database';
const KEEP = "keep one of them";

const stores =
  (members: Record<string, unknown>): Change =>
  (config) =>
    Object.assign(config, { stores: members });
const redis = (members: Record<string, unknown>) => stores({ redis: members });
const goma =
  (members: Record<string, unknown>, timeouts = {}): Change =>
  (config) => {
    config.gateway = { redis: members, timeouts };
    delete config.stores;
  };
const tcp = (address: string) => `${address} speaks Redis over TCP; the edge reaches only HTTP`;

/** Without the ledger, which is not about where they are. */
async function storesOf(change: Change, env = {}) {
  const without: Change = (config) => {
    change(config);
    config.gateway = { ...config.gateway, ledger: false };
  };
  return (await loadWith(without, env)).stores;
}

describe("Scaling and Shared Stores: one store for all", () => {
  const example = (url: string) => ({
    redis: { url, prefix: "tollbooth-prod" },
    rateLimit: { backend: "redis" },
    verificationCache: { backend: "redis" },
    timeSession: { backend: "redis" },
  });

  it("a redis:// on this machine is refused with the way out", async () => {
    expect(await faultsOf(stores(example("redis://localhost:6379")))).toEqual([
      { path: "stores.redis.url", message: tcp("redis://localhost:6379"), fix: BRIDGE },
    ]);
  });

  it("an Upstash database's is turned into its HTTP address, for every store", async () => {
    const connection = { ...HTTP, prefix: "tollbooth-prod" };
    expect(await storesOf(stores(example(UPSTASH)))).toEqual({
      rateLimit: connection,
      verificationCache: connection,
      timeSession: connection,
      responseCache: connection,
    });
  });

  it("a store of its own for the payment records takes its address, token and prefix from the override", async () => {
    const overridden = (shared: string, own: string) => ({
      redis: { url: shared, prefix: "tollbooth" },
      verificationCache: { backend: "redis", redis: { url: own, prefix: "tollbooth-vc" } },
    });
    const change = stores(overridden("redis://shared-cache:6379", "redis://verification-cache:6379"));
    expect(await faultsOf(change)).toEqual([
      { path: "stores.redis.url", message: tcp("redis://shared-cache:6379"), fix: BRIDGE },
      {
        path: "stores.verificationCache.redis.url",
        message: tcp("redis://verification-cache:6379"),
        fix: BRIDGE,
      },
    ]);
    const own = "rediss://default:other@eu1-vc-2.upstash.io:6379";
    const { verificationCache, rateLimit } = await storesOf(stores(overridden(UPSTASH, own)));
    expect(verificationCache).toEqual({
      url: "https://eu1-vc-2.upstash.io",
      token: "other",
      prefix: "tollbooth-vc",
      timeoutMs: 2000,
    });
    expect(rateLimit).toEqual({ ...HTTP, prefix: "tollbooth" });
  });

  it("our own form: an https URL, its token and a ttl per store", async () => {
    const own = { url: "https://vc.example", token: "v", prefix: "vc" };
    const { verificationCache, responseCache } = await storesOf(
      stores({
        redis: { url: "https://r.example", token: "t", prefix: "p" },
        verificationCache: { backend: "redis", redis: own, ttlSeconds: 3600 },
        responseCache: { ttlSeconds: 60 },
      }),
    );
    expect(verificationCache).toEqual({ ...own, timeoutMs: 2000, ttlSeconds: 3600 });
    const shared = { url: "https://r.example", token: "t", prefix: "p", timeoutMs: 2000 };
    expect(responseCache).toEqual({ ...shared, ttlSeconds: 60 });
  });
});

describe("the planned interface", () => {
  const optionA = { provider: "redis", redis: { url: "${REDIS_URL}" }, keyPrefix: "tollbooth" };
  const optionB = {
    rateLimits: { provider: "redis", url: "${REDIS_URL}", keyPrefix: "tollbooth:rl", ttlSeconds: 60 },
    sessions: { provider: "redis", url: "${REDIS_URL}", keyPrefix: "tollbooth:sess", ttlSeconds: 900 },
    verificationCache: {
      provider: "redis",
      url: "${REDIS_URL}",
      keyPrefix: "tollbooth:verify",
      ttlSeconds: 3600,
    },
  };
  const connectionC = {
    host: "${REDIS_HOST}",
    port: 6379,
    password: "${REDIS_PASSWORD}",
    tls: true,
    db: 0,
  };

  it.each([
    ["beside redis", optionA],
    ["inside redis", { provider: "redis", redis: { url: "${REDIS_URL}", keyPrefix: "tollbooth" } }],
  ])("option A, keyPrefix %s", async (_, option) => {
    const { verificationCache } = await storesOf(stores(option), { REDIS_URL: UPSTASH });
    expect(verificationCache).toEqual({ ...HTTP, prefix: "tollbooth" });
    expect(await faultsOf(stores(option), { REDIS_URL: "redis://redis:6379" })).toEqual([
      { path: "stores.redis.url", message: tcp("redis://redis:6379"), fix: BRIDGE },
    ]);
  });

  it("option B: each store by itself, its keys as they are written there and not with their part twice", async () => {
    expect(await storesOf(stores(optionB), { REDIS_URL: UPSTASH })).toEqual({
      rateLimit: { ...HTTP, prefix: "tollbooth", ttlSeconds: 60 },
      timeSession: { ...HTTP, prefix: "tollbooth", ttlSeconds: 900 },
      verificationCache: { ...HTTP, prefix: "tollbooth", ttlSeconds: 3600 },
      responseCache: undefined,
    });
  });

  it("option B with a Redis of one's own: a fault for each", async () => {
    const faults = await faultsOf(stores(optionB), { REDIS_URL: "redis://redis:6379" });
    expect(faults.map(({ path }) => path).sort()).toEqual([
      "stores.rateLimits.url",
      "stores.sessions.url",
      "stores.verificationCache.url",
    ]);
  });

  it.each([
    ["beside redis", { provider: "redis", redis: connectionC, keyPrefix: "tollbooth" }],
    ["inside redis", { provider: "redis", redis: { ...connectionC, keyPrefix: "tollbooth" } }],
  ])("option C: host and password of an Upstash database, keyPrefix %s", async (_, option) => {
    const env = { REDIS_HOST: "eu1-mole-1.upstash.io", REDIS_PASSWORD: "s/ecret" };
    const { verificationCache } = await storesOf(stores(option), env);
    expect(verificationCache).toEqual({ ...HTTP, prefix: "tollbooth" });
    expect(await faultsOf(stores(option), { ...env, REDIS_HOST: "redis.internal" })).toEqual([
      { path: "stores.redis.host", message: tcp("redis.internal:6379"), fix: BRIDGE },
    ]);
  });
});

describe("Goma's form", () => {
  const example = { addr: "redis:6379", password: "password", db: 0, flushOnStartup: false };

  it("its own example: the address is refused with the way out, the timeouts because they mean clients", async () => {
    const faults = await faultsOf(goma(example, { write: 30, read: 30, idle: 30 }));
    expect(faults.map(({ path, message }) => [path, message])).toEqual([
      ...["write", "read", "idle"].map((name) => [
        `gateway.timeouts.${name}`,
        "is about clients' connections, and those are the platform's",
      ]),
      ["gateway.redis.addr", tcp("redis:6379")],
    ]);
    expect(faults.find(({ path }) => path === "gateway.redis.addr")?.fix).toBe(BRIDGE);
  });

  it("with an Upstash database it is the shared store", async () => {
    const { verificationCache, rateLimit } = await storesOf(
      goma({ ...example, addr: "eu1-mole-1.upstash.io:6379" }),
    );
    expect(verificationCache).toEqual({ ...HTTP, token: "password", prefix: "tollbooth" });
    expect(rateLimit).toEqual(verificationCache);
  });

  it("flushOnStartup is refused: flush is a command", async () => {
    const [fault, ...rest] = await faultsOf(
      goma({ addr: "x.upstash.io:6379", password: "p", flushOnStartup: true }),
    );
    expect(rest).toEqual([]);
    expect(fault?.path).toBe("gateway.redis.flushOnStartup");
    expect(fault?.fix).toContain('"tollbooth flush"');
  });

  it("beside stores.redis is one store too many", async () => {
    const faults = await faultsOf((config) => {
      config.gateway = { redis: { addr: "x.upstash.io:6379", password: "p" } };
    });
    expect(faults).toEqual([{ path: "gateway.redis", message: "is given beside stores.redis", fix: KEEP }]);
  });
});

describe("what cannot work is refused, each with what to write instead", () => {
  const shared = { url: "https://r.example", token: "t" };
  const memory = "memory is not shared: each isolate would have its own, and forget it when it goes";
  it.each<[name: string, change: Change, path: string, message: string]>([
    [
      "memory",
      stores({ redis: shared, rateLimit: { backend: "memory" } }),
      "stores.rateLimit.backend",
      memory,
    ],
    ["memory for all", stores({ provider: "memory", redis: shared }), "stores.provider", memory],
    [
      "memory for payments",
      stores({ redis: shared, verificationCache: { provider: "memory" } }),
      "stores.verificationCache.provider",
      memory,
    ],
    [
      "db",
      redis({ ...shared, db: 1 }),
      "stores.redis.db",
      "database 1 is asked for, but over HTTP there is only 0",
    ],
    [
      "db in a URL",
      redis({ url: "rediss://default:p@x.upstash.io:6379/2" }),
      "stores.redis.url",
      "database 2 is asked for, but over HTTP there is only 0",
    ],
    [
      "db of an override without an address",
      stores({ redis: shared, rateLimit: { redis: { db: 3 } } }),
      "stores.rateLimit.redis.db",
      "database 3 is asked for, but over HTTP there is only 0",
    ],
    [
      "tls: false",
      redis({ host: "x.upstash.io", password: "p", tls: false }),
      "stores.redis.tls",
      "is false, but the gateway speaks only TLS to it",
    ],
    ["no token", redis({ url: "https://r.example" }), "stores.redis.token", "is required"],
    ["an empty token", redis({ url: "https://r.example", token: "" }), "stores.redis.token", "is empty"],
    [
      "a token with a line break",
      redis({ ...shared, token: "t\n" }),
      "stores.redis.token",
      "has a space, a line break or the like in it",
    ],
    ["no password", redis({ host: "x.upstash.io" }), "stores.redis.password", "is required"],
    ["no password in the URL", redis({ url: "rediss://x.upstash.io" }), "stores.redis.token", "is required"],
    ["nothing", redis({ prefix: "p" }), "stores.redis.url", "is required"],
    [
      "a token given twice",
      redis({ url: UPSTASH, token: "t" }),
      "stores.redis.token",
      "is given twice: the URL has a password too",
    ],
    [
      "two addresses",
      redis({ ...shared, host: "x.upstash.io" }),
      "stores.redis",
      "says where the store is 2 times: url, host",
    ],
    [
      "a port beside a URL",
      redis({ ...shared, port: 6379 }),
      "stores.redis.port",
      "belongs to host, and there is a url",
    ],
    [
      "another user",
      redis({ url: "rediss://me:p@x.upstash.io" }),
      "stores.redis.url",
      "has more in it than host, user default and password",
    ],
    [
      "half an escape",
      redis({ url: "rediss://default:p%@x.upstash.io" }),
      "stores.redis.url",
      "is not a URL",
    ],
    [
      "a host that only looks like Upstash's",
      redis({ url: "rediss://default:p@upstash.io.example:6379" }),
      "stores.redis.url",
      tcp("rediss://upstash.io.example:6379"),
    ],
    [
      "two names of one store",
      stores({ redis: shared, rateLimit: {}, rateLimits: {} }),
      "stores.rateLimits",
      "is the other name of rateLimit, and both are given",
    ],
    [
      "two names of one prefix",
      stores({ redis: { ...shared, prefix: "a" }, keyPrefix: "a" }),
      "stores.keyPrefix",
      "is the same as stores.redis.prefix",
    ],
    [
      "two names of the backend",
      stores({ redis: shared, sessions: { backend: "redis", provider: "redis" } }),
      "stores.sessions.provider",
      "is the same as stores.sessions.backend",
    ],
    [
      "a prefix of colons",
      redis({ ...shared, prefix: "::" }),
      "stores.redis.prefix",
      '"::" is not a key prefix',
    ],
    [
      "an override without any address",
      stores({ verificationCache: { backend: "redis" } }),
      "stores.verificationCache",
      "has no address, and there is no stores.redis",
    ],
    [
      "an address for everything but the payments",
      stores({ rateLimit: { redis: shared } }),
      "stores",
      '"GET /weather" has a price, and payments need a store',
    ],
    [
      "the shared token for another address",
      stores({ redis: shared, verificationCache: { redis: { url: "https://other.example" } } }),
      "stores.verificationCache.redis.token",
      "is required",
    ],
  ])("%s", async (_, change, path, message) => {
    const faults = await faultsOf(change);
    expect(faults).toEqual([{ path, message, fix: expect.any(String) }]);
  });

  it.each([0, -1, 1.5, "60"])("a ttl of %j: whole seconds above zero", async (ttlSeconds) => {
    const change = stores({ redis: shared, rateLimit: { ttlSeconds } });
    expect((await faultsOf(change)).map(({ path }) => path)).toEqual(["stores.rateLimit.ttlSeconds"]);
  });

  it("no message has a password in it", async () => {
    for (const url of [
      "redis://default:hunter2@redis:6379/1",
      "rediss://me:hunter2@x.upstash.io?a=1",
      "rediss://default:hunter2%@x.upstash.io",
      "rediss://default:hunter2#@x.upstash.io",
    ]) {
      const faults = await faultsOf(redis({ url }));
      expect(faults).not.toEqual([]);
      expect(JSON.stringify(faults)).not.toContain("hunter2");
    }
  });
});

describe("a ttl for the payment records", () => {
  const claimWith = async (ttlSeconds: number, validForSeconds: number) => {
    const store = await startRedis({ prefer: BACKENDS[0] ?? "real" });
    try {
      const { url, token } = store;
      const config = await loadWith(stores({ redis: { url, token }, verificationCache: { ttlSeconds } }));
      const { rooms } = compose(config, () => undefined, Date.now);
      const validBefore = Math.floor(Date.now() / 1000) + validForSeconds;
      const call = {
        waitUntil: () => undefined,
        route: { offers: [], limits: [], keepAnswerMs: 0, goodMs: 0, upstream: {} },
      } as unknown as Call;
      const payment = { spend: "s", fingerprint: "f", validBefore, requirements: {} };
      const { access } = await rooms.admit(call, { payment: payment as unknown as Payment }, []);
      if (access.kind === "claimed") access.claim.abandoned();
      const command = ["HGET", "tollbooth:verify:s", "exp"];
      const { result } = (await postJson(store, "/", command)) as { result: string };
      return Math.round((Number(result) - Date.now()) / 60_000);
    } finally {
      await store.close();
    }
  };

  it("keeps a delivered record longer than it must be kept", async () => {
    expect(await claimWith(7200, 60)).toBe(120);
  });

  it("never keeps one for less: a replay must find it until its window is over", async () => {
    expect(await claimWith(1, 60)).toBe(11);
  });
});
