/** Where an upstream is: one URL or service, or several with their weights. */
import { hash } from "../core/hash.ts";
import { isService, type Service, type Target, type Upstream } from "../core/upstream.ts";
import type { Env } from "./define.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import { checkHeaders } from "./header-rules.ts";
import type { RawTarget, RawUpstream } from "./upstream-schema.ts";
import { checkUrl } from "./urls.ts";

/** What is known of a place: the binding's name, if it was given by name, else the upstream's. */
type Place = { base: URL; service: Service | undefined; binding: string };

/** The targets; undefined with faults where one of them is nowhere. */
export async function checkTargets(
  name: string,
  { url, service, headers = {}, targets }: RawUpstream,
  env: Env,
  faults: Fault[],
): Promise<Upstream["targets"] | undefined> {
  const path = `upstreams.${name}`;
  const shared = checkHeaders(headers, "request", `${path}.headers`, faults);
  if (targets && (url ?? service) !== undefined) {
    const given = url === undefined ? "service" : "url";
    faults.push({ path: `${path}.${given}`, message: "is given beside targets", fix: "keep one of them" });
  }
  const written: [string, RawTarget][] = targets
    ? targets.map((target, i) => [`${path}.targets[${i}]`, target])
    : [[path, { url, service }]];
  const found: Target[] = [];
  for (const [at, target] of written) {
    const own = targets ? checkHeaders(target.headers ?? {}, "request", `${at}.headers`, faults) : {};
    const place = checkPlace(name, target, at, env, faults);
    if (!place) continue;
    const { base, service: binding } = place;
    const twin = found.findIndex((other) => other.base.href === base.href && other.service === binding);
    if (twin >= 0) {
      const fix = "give one of them more weight";
      faults.push({ path: at, message: `is the same place as targets[${twin}]`, fix });
    }
    const id = await idOf(place, found);
    found.push({
      id,
      base,
      service: binding,
      weight: target.weight ?? 1,
      headers: { ...shared, ...own },
    });
  }
  const [first, ...others] = found;
  return first && found.length === written.length ? [first, ...others] : undefined;
}

/** Two bindings without names may look alike: then their order tells them apart. */
async function idOf({ base, binding }: Place, before: Target[]): Promise<string> {
  const alike = before.filter((other) => other.base.href === base.href).length;
  return (await hash(base.href, binding, String(alike))).slice(0, 8);
}

function checkPlace(
  upstream: string,
  { url, service }: RawTarget,
  path: string,
  env: Env,
  faults: Fault[],
): Place | undefined {
  if (service === undefined) {
    const base = url === undefined ? undefined : checkUrl(url, `${path}.url`, false, faults);
    if (url === undefined) faults.push({ path: `${path}.url`, message: "is required" });
    return base && { base, service: undefined, binding: "" };
  }
  const binding = typeof service === "string" ? service : "";
  const bound = typeof service === "string" ? lookUp(service, `${path}.service`, env, faults) : service;
  const base = checkUrl(url ?? addressOf(binding || upstream), `${path}.url`, false, faults);
  return base && bound && { base, service: bound, binding };
}

/** A service sees a URL too, though nobody resolves it. */
function addressOf(name: string): string {
  const address = `http://${name.replace(/[^A-Za-z0-9-]/g, "-")}`;
  return URL.canParse(address) ? address : "http://service";
}

function lookUp(name: string, path: string, env: Env, faults: Fault[]): Service | undefined {
  if (isUnset(name)) return undefined;
  const found = env[name];
  if (isService(found)) return found;
  const fix = `bind ${name} in wrangler.toml ([[services]]); only Workers have such bindings, elsewhere write url`;
  faults.push({ kind: "env", path, message: `there is no service binding ${name}`, fix });
  return undefined;
}
