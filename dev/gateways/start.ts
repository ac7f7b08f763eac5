/** Starts a bundled gateway in workerd itself, in Vercel's edge runtime, or in Node. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join, relative } from "node:path";
import { bundlePath, type Runtime } from "../bundle.ts";
import { type Gateway, startProcess } from "./process.ts";

/** What a gateway is started with. */
export type GatewayOptions = {
  runtime: Runtime;
  /** Where `bundle` wrote. */
  directory: string;
  /** The variables it sees. */
  vars: Record<string, string>;
  /** Scripts of workers that are bound to it as services, by the binding's name; in workerd only. */
  services?: Record<string, string>;
  /** By default a free one. */
  port?: number;
};

/** Starts a gateway; it takes requests when this resolves. */
export function startGateway(options: GatewayOptions): Promise<Gateway> {
  return options.runtime === "workers" ? startWorkerd(options) : startNode(options);
}

function startNode({ runtime, directory, vars, port = 0 }: GatewayOptions): Promise<Gateway> {
  const script = bundlePath(runtime, directory);
  const args =
    runtime === "node"
      ? [script]
      : [join(import.meta.dirname, `serve-edge${extname(import.meta.filename)}`), script];
  const env = { PATH: process.env.PATH, ...vars, PORT: String(port), HOST: "127.0.0.1" };
  return startProcess(process.execPath, args, env, {
    fd: 1,
    port: (output) => Number(/"port":(\d+)/.exec(output)?.[1]) || undefined,
  });
}

async function startWorkerd({ directory, vars, services = {}, port = 0 }: GatewayOptions): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), "tollbooth-workerd-"));
  const config = join(folder, "config.capnp");
  const script = relative(folder, bundlePath("workers", directory));
  await writeFile(config, capnp({ script, vars, services, port }, await compatibility()));
  // The package's own bin is a Node wrapper; killing that would leave workerd behind.
  const binary = createRequire(import.meta.url).resolve("@cloudflare/workerd-linux-64/bin/workerd");
  const gateway = await startProcess(
    binary,
    ["serve", "--control-fd=3", config],
    {},
    {
      fd: 3,
      port: (output) => Number(/"socket":"http","port":(\d+)/.exec(output)?.[1]) || undefined,
    },
  );
  return {
    ...gateway,
    async stop(signal) {
      await gateway.stop(signal);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Date and flags of `wrangler.toml`, so that tests run what is deployed. */
async function compatibility(): Promise<{ date: string; flags: string[] }> {
  const toml = await readFile("wrangler.toml", "utf8");
  const date = /^compatibility_date = "(.*)"/m.exec(toml)?.[1];
  const flags = /^compatibility_flags = (\[.*\])/m.exec(toml)?.[1];
  if (!date || !flags) throw new Error("wrangler.toml has no compatibility date or flags");
  return { date, flags: JSON.parse(flags) };
}

function capnp(
  {
    script,
    vars,
    services,
    port,
  }: Record<"vars" | "services", Record<string, string>> & { script: string; port: number },
  { date, flags }: { date: string; flags: string[] },
) {
  const q = JSON.stringify;
  const bindings = [
    ...Object.entries(vars).map(([name, value]) => `(name = ${q(name)}, text = ${q(value)})`),
    ...Object.keys(services).map((name) => `(name = ${q(name)}, service = ${q(name)})`),
  ];
  const bound = Object.entries(services).map(
    ([name, source]) => `(name = ${q(name)}, worker = (
      modules = [ (name = "service.js", esModule = ${q(source)}) ],
      compatibilityDate = ${q(date)}
    )),`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    ${bound.join("\n    ")}
    (name = "net", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))
  ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]
);
const worker :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed ${q(script)}) ],
  compatibilityDate = ${q(date)},
  compatibilityFlags = [${flags.map((flag) => q(flag)).join(", ")}],
  bindings = [${bindings.join(", ")}],
  globalOutbound = "net"
);
`;
}
