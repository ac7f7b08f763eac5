/** What is for operators: their token, and the paths that they watch. */
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawConfig } from "./schema.ts";

/** The operators' token: long enough that nobody finds it by trying. */
export function checkAdmin({ gateway }: RawConfig, faults: Fault[]): string | undefined {
  const token = gateway?.admin?.token;
  if (token === undefined || isUnset(token) || /^[\x21-\x7e]{24,}$/.test(token)) return token;
  const fix = "write 24 letters and digits or more: openssl rand -hex 24";
  faults.push({ path: "gateway.admin.token", message: "is too short, or not plain text", fix });
  return undefined;
}

/** What a route sells under a path that the gateway answers itself, nobody could buy. */
export function checkHealthPaths({ gateway, routes }: RawConfig, faults: Fault[]): boolean {
  const { health = true } = gateway ?? {};
  const taken = Object.keys(routes).filter((key) => /^(?:GET|\*) \/(?:health|ready)$/.test(key));
  for (const key of health ? taken : []) {
    const fix = "sell it under another path, or write gateway: { health: false }";
    faults.push({ path: `routes.${key}`, message: "the gateway answers /health and /ready itself", fix });
  }
  return health;
}
