/** The house rules that can be read off the source: floors, doors, homes of packages, sizes. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve("src");
const ROOMS = [
  "arrival",
  "clients",
  "routing",
  "pricing",
  "admission",
  "limits",
  "sessions",
  "credits",
  "payment",
  "settlement",
  "proxy",
  "metering",
  "hooks",
  "caching",
  "health",
  "discovery",
  "specs",
  "paywall",
  "dashboard",
];
/** Each room's only files that others may import. */
const DOORS: Record<string, string[]> = {
  arrival: ["cors.ts", "inspect.ts"],
  clients: ["locate.ts"],
  routing: ["match.ts", "rewrite.ts"],
  pricing: ["quote.ts"],
  admission: ["admit.ts"],
  limits: ["limit.ts"],
  sessions: ["session.ts"],
  credits: ["credit.ts"],
  payment: ["present.ts", "claim.ts", "persist.ts"],
  settlement: ["settle.ts", "resolve.ts", "reconcile.ts", "collect.ts"],
  proxy: ["forward.ts", "respond.ts", "keep.ts", "headers.ts", "health.ts", "reach.ts"],
  metering: ["bill.ts"],
  hooks: ["hooks.ts"],
  caching: ["cache.ts", "purge.ts"],
  health: ["ready.ts"],
  discovery: ["discover.ts"],
  specs: ["specs.ts"],
  paywall: ["page.ts"],
  dashboard: ["dashboard.ts"],
  stores: [
    "stores.ts",
    "batch.ts",
    "admin.ts",
    "try-scripts.ts",
    "stats.ts",
    "balance.ts",
    "refunds.ts",
    "heartbeat.ts",
  ],
  facilitator: ["http.ts", "supported.ts", "listed.ts", "timed.ts"],
  chain: ["rpc.ts"],
  observability: ["log.ts", "observe.ts", "report.ts", "exposition.ts"],
  config: [
    "load.ts",
    "define.ts",
    "faults.ts",
    "schema.ts",
    "stores.ts",
    "typed.ts",
    "notices.ts",
    "document.ts",
  ],
};
/** What the files of a folder may import from; the top of src is "". */
const MAY_IMPORT: Record<string, string[]> = {
  core: ["core"],
  ...Object.fromEntries(
    [...ROOMS, "stores", "facilitator", "chain", "observability", "config"].map((room) => [
      room,
      [room, "core"],
    ]),
  ),
  platform: ["platform", "", "core", "config"],
  entry: ["", "platform"],
  cli: [
    ...["cli", "config", "core", "stores", "platform", "bridge"],
    ...["app.ts", "compose.ts", "errands.ts", "index.ts"],
  ],
  bridge: ["bridge"],
};
const TOP: Record<string, string[]> = {
  "gateway.ts": ["core"],
  "compose.ts": ["core", "gateway.ts", ...ROOMS, "stores", "facilitator", "chain"],
  "admin.ts": ["core"],
  "errands.ts": ["core", "caching", "chain", "dashboard", "facilitator", "routing", "settlement", "stores"],
  "health.ts": ["core", "facilitator", "health", "proxy", "stores"],
  "endpoints.ts": ["admin.ts", "errands.ts", "health.ts", "core", "observability"],
  "current.ts": ["core", "compose.ts", "config", "endpoints.ts", "observability"],
  "app.ts": [
    "current.ts",
    "endpoints.ts",
    "errands.ts",
    "health.ts",
    "core",
    "gateway.ts",
    "config",
    "observability",
  ],
  "index.ts": ["app.ts", "config", "core"],
};
/** Package → the only places that import it. */
const HOMES: Record<string, RegExp> = {
  "@upstash/": /^stores\//,
  "@x402/": /^core\//,
  hono: /^(?:app\.ts|(?:platform|paywall)\/)/,
  "@hono/": /^platform\/node\.ts/,
  zod: /^(?:admin\.ts|(?:core|config|stores|facilitator|chain)\/)/,
  "http-cache-semantics": /^caching\//,
  "ipaddr.js": /^core\/ip\.ts/,
  matcher: /^(?:arrival|pricing|core)\//,
  "@noble/": /^(?:core\/keccak|payment\/signature)\.ts/,
  "fastest-levenshtein": /^(?:routing|config)\//,
  commander: /^cli\//,
  "csv-stringify": /^cli\//,
  "d3-array": /^dashboard\//,
  "d3-shape": /^dashboard\//,
  jiti: /^cli\//,
  yaml: /^cli\//,
  "@seriousme/": /^cli\//,
  "@clack/prompts": /^cli\/init\//,
  "redis-parser": /^bridge\//,
  "node:": /^(?:bridge|cli)\/|^platform\/(?:node|drain|refuse|upload)\.ts/,
};

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const imports = files.flatMap((file) =>
  [
    ...readFileSync(join(SRC, file), "utf8").matchAll(
      /^(?:import|export)[^;]*?from "([^"]+)"|^import "([^"]+)"/gm,
    ),
  ].map(([, from, bare]) => ({ file, to: from ?? bare ?? "" })),
);

describe("imports go down, through doors", () => {
  const own = imports.filter(({ to }) => to.startsWith("."));

  it("each folder imports only what lies below it", () => {
    const wrong = own.filter(({ file, to }) => {
      const target = relative(SRC, resolve(SRC, dirname(file), to));
      const allowed = file.includes("/") ? MAY_IMPORT[folderOf(file)] : TOP[file];
      return !allowed?.some((place) => place === target || place === folderOf(target));
    });
    expect(wrong).toEqual([]);
  });

  it("a room is entered by its door", () => {
    const wrong = own.filter(({ file, to }) => {
      const target = relative(SRC, resolve(SRC, dirname(file), to));
      const doors = DOORS[folderOf(target)];
      const inside = folderOf(file) === folderOf(target);
      return doors !== undefined && !inside && !doors.includes(target.slice(folderOf(target).length + 1));
    });
    expect(wrong).toEqual([]);
  });

  it("nothing in src imports the development stack, the tests or the benchmarks", () => {
    expect(
      own.filter(({ file, to }) => relative(SRC, resolve(SRC, dirname(file), to)).startsWith("..")),
    ).toEqual([]);
  });

  it("each package is imported only where it lives", () => {
    const wrong = imports
      .filter(({ to }) => !to.startsWith(".") && !to.startsWith("#tollbooth-"))
      .filter(
        ({ file, to }) =>
          !Object.entries(HOMES).some(([name, home]) => isPackage(to, name) && home.test(file)),
      );
    expect(wrong).toEqual([]);
  });
});

describe("sizes", () => {
  it("no source file is over 150 lines", () => {
    const long = files.map(
      (file) => [file, readFileSync(join(SRC, file), "utf8").split("\n").length - 1] as const,
    );
    expect(long.filter(([, lines]) => lines > 150)).toEqual([]);
  });

  it("the request can be read in one sitting: gateway.ts has at most 150 lines and orders only", () => {
    expect(
      imports.filter(({ file }) => file === "gateway.ts").every(({ to }) => to.startsWith("./core/")),
    ).toBe(true);
  });
});

describe("edge code", () => {
  const edge = files.filter(
    (file) => !/^(?:bridge|cli|entry)\/|^platform\/(?:node|drain|refuse|stop|upload|vercel)/.test(file),
  );

  it.each(["process", "Buffer", "__dirname", "require"])("never names %s", (name) => {
    const wrong = edge.filter((file) =>
      new RegExp(`(?<![\\w."\`-])${name}[.(\\[]`).test(withoutComments(file)),
    );
    expect(wrong).toEqual([]);
  });
});

function withoutComments(file: string): string {
  return readFileSync(join(SRC, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? "") : "";
}

function isPackage(to: string, name: string): boolean {
  return /[/:]$/.test(name) ? to.startsWith(name) : to === name || to.startsWith(`${name}/`);
}
