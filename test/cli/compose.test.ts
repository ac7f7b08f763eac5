/** compose.yaml, checked as far as that goes without a Docker engine. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compose, service } from "./compose.ts";
import { readDockerfile } from "./image.ts";

const last = readDockerfile(readFileSync("Dockerfile", "utf8")).at(-1)?.instructions ?? [];

/** Compose's own reader, which needs no engine. */
const COMPOSE = "docker-compose";
const isThere = spawnSync(COMPOSE, ["version"]).status === 0;

/** What Compose says to the file with these variables; one that is empty is not taken from a .env that lies there. */
function check(env: Record<string, string>) {
  const args = ["--file", "compose.yaml", "config", "--quiet"];
  return spawnSync(COMPOSE, args, { env: { PATH: process.env.PATH, ...env }, encoding: "utf8" });
}

describe.runIf(isThere || process.env.CI)("Compose itself", () => {
  const env = { BRIDGE_TOKEN: "t", PAY_TO: "p", FACILITATOR_URL: "f", RPC_URL: "r", UPSTREAM_URL: "u" };

  it("takes the file", () => {
    expect(check(env)).toMatchObject({ status: 0, stdout: "" });
  });

  it.each(Object.keys(env))("refuses it without %s, and says what it is", (name) => {
    const { status, stderr } = check({ ...env, [name]: "" });
    expect(status).toBe(1);
    const said = new RegExp(`\\$\\{${name}:\\?([^}]*)\\}`).exec(compose)?.[1];
    expect(stderr).toContain(said);
  });
});

describe("compose.yaml", () => {
  it("is made of spaces, and has these services", () => {
    expect(compose).not.toMatch(/\t| +$/m);
    const services = /^services:\n([\s\S]*?)^\S/m.exec(compose)?.[1] ?? "";
    expect([...services.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name)).toEqual([
      "pod",
      "redis",
      "bridge",
      "gateway",
    ]);
  });

  it("keeps Redis off the host and its records on disk, and evicts nothing", () => {
    expect(service("redis")).not.toMatch(/ports:|network_mode/);
    expect(service("redis")).toMatch(/networks: \[store\]/);
    expect(compose).toMatch(/^ {2}store:\n {4}internal: true$/m);
    expect(service("redis")).toMatch(/- --appendonly\n +- "yes"\n +- --maxmemory-policy\n +- noeviction\n/);
    expect(service("redis")).toMatch(/- redis-data:\/data\n/);
    expect(compose).toMatch(/^volumes:\n {2}redis-data:$/m);
  });

  it("waits for health: gateway for bridge, bridge for Redis", () => {
    for (const [name, other] of [
      ["bridge", "redis"],
      ["gateway", "bridge"],
    ] as const) {
      expect(service(name)).toMatch(new RegExp(`depends_on:\\n +${other}:\\n +condition: service_healthy`));
      expect(service(other)).toContain("healthcheck:");
    }
  });

  it("takes secrets from the environment and refuses to start without", () => {
    for (const name of ["BRIDGE_TOKEN", "PAY_TO", "FACILITATOR_URL", "RPC_URL", "UPSTREAM_URL"]) {
      expect(compose).toContain(`\${${name}:?`);
    }
    expect(compose).not.toMatch(/\$\{BRIDGE_TOKEN[^:]|\$\{BRIDGE_TOKEN:[^?]/);
  });

  it("gives the gateway every variable of the configuration it mounts, read-only, where the image looks for it", () => {
    const named = [...readFileSync("tollbooth.config.ts", "utf8").matchAll(/"\$\{(\w+)\}"/g)].map(
      ([, name]) => name,
    );
    expect(named.filter((name) => !service("gateway").includes(`      ${name}: `))).toEqual([]);
    const mount =
      /source: \.\/tollbooth\.config\.ts\n +target: \/app\/tollbooth\.config\.ts\n +read_only: true/;
    expect(service("gateway")).toMatch(mount);
    expect(last).toContainEqual({ name: "WORKDIR", args: "/app" });
  });

  it("lets the token travel over loopback only", () => {
    expect(compose).toContain('network_mode: "service:pod"');
    expect(service("bridge")).toContain('"--host", "127.0.0.1", "--port", "8079"');
    expect(service("gateway")).toContain("UPSTASH_REDIS_REST_URL: http://127.0.0.1:8079\n");
  });
});
