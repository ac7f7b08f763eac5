/**
 * Where a store is, whichever way it was written: always the HTTP API of an Upstash database or of the bridge, because
 * nothing else can be reached from the edge. The TCP address of an Upstash database is turned into its HTTP one; any
 * other is refused with the way out. Messages name hosts, never passwords.
 */
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawRedis } from "./store-schema.ts";
import { asPrefix, checkUrl } from "./urls.ts";

/** Where to send requests, and the secret they carry. */
export type Address = { url: string; token: string };

/** An address as written, Goma's form included. */
export type RawAddress = Omit<RawRedis, "prefix" | "keyPrefix"> & { addr?: string | undefined };

const UPSTASH = ".upstash.io";
const BRIDGE =
  'run "tollbooth redis-bridge" in front of it and write the bridge\'s http(s) URL and token, or use an Upstash database';
const TOKEN = "Upstash shows it next to the URL; tollbooth redis-bridge is given its own";

/** True when it says anything of where the store is. */
export function isAddress({ url, token, host, port, password, tls, addr }: RawAddress): boolean {
  return [url, token, host, port, password, tls, addr].some((member) => member !== undefined);
}

/** The address, or undefined with a fault (or a missing variable, which is one already). */
export function checkAddress(raw: RawAddress, path: string, faults: Fault[]): Address | undefined {
  checkDatabase(raw.db ?? 0, `${path}.db`, faults);
  const ways = (["url", "host", "addr"] as const).filter((way) => raw[way] !== undefined);
  if (ways.length > 1) {
    const message = `says where the store is ${ways.length} times: ${ways.join(", ")}`;
    faults.push({ path, message, fix: "keep one of them" });
    return undefined;
  }
  if (raw.url !== undefined) return fromUrl(raw.url, raw, path, faults);
  if (raw.host !== undefined) return fromHost(raw.host, "host", raw, path, faults);
  if (raw.addr !== undefined) return fromAddr(raw.addr, raw, path, faults);
  faults.push({ path: `${path}.url`, message: "is required", fix: 'write url: "${UPSTASH_REDIS_REST_URL}"' });
  return undefined;
}

/** Refuses any database but the one that there is over HTTP. */
export function checkDatabase(db: number, path: string, faults: Fault[]): void {
  if (db === 0) return;
  const fix = "leave it out, and tell gateways apart by their prefix";
  faults.push({ path, message: `database ${db} is asked for, but over HTTP there is only 0`, fix });
}

function fromUrl(text: string, raw: RawAddress, path: string, faults: Fault[]): Address | undefined {
  for (const name of ["port", "password", "tls"] as const) {
    if (raw[name] === undefined) continue;
    const fix = name === "password" ? "write it as token" : "leave it out: the URL says it";
    faults.push({ path: `${path}.${name}`, message: "belongs to host, and there is a url", fix });
  }
  if (/^rediss?:/i.test(text)) return fromRedisUrl(text, raw, path, faults);
  const url = checkUrl(text, `${path}.url`, true, faults);
  const token = checkSecret(raw.token, `${path}.token`, faults);
  return url && token !== undefined ? { url: asPrefix(url), token } : undefined;
}

function fromRedisUrl(text: string, raw: RawAddress, path: string, faults: Fault[]): Address | undefined {
  if (isUnset(text)) return undefined;
  const at = `${path}.url`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname || !isDecodable(url.password)) {
    const fix = "write rediss://default:PASSWORD@HOST:PORT; escape what a URL reserves in the password";
    faults.push({ path: at, message: "is not a URL", fix });
    return undefined;
  }
  const db = /^\/(\d+)$/.exec(url.pathname)?.[1];
  if (db !== undefined) checkDatabase(Number(db), at, faults);
  if (!isUpstash(url.hostname)) return refuse(`${url.protocol}//${url.host}`, at, faults);
  const extra = (db === undefined && url.pathname.length > 1) || url.search !== "" || url.hash !== "";
  if (extra || (url.username !== "" && url.username !== "default")) {
    const fix = `write rediss://default:PASSWORD@${url.host}, or the REST URL with a token`;
    faults.push({ path: at, message: "has more in it than host, user default and password", fix });
    return undefined;
  }
  if (url.password === "") return finish(url.hostname, raw.token, `${path}.token`, faults);
  if (raw.token !== undefined) return twice(`${path}.token`, "the URL has a password", faults);
  return finish(url.hostname, decodeURIComponent(url.password), at, faults);
}

function fromAddr(addr: string, raw: RawAddress, path: string, faults: Fault[]): Address | undefined {
  if (isUnset(addr)) return undefined;
  const [, host] = /^([^\s:/@]+)(?::\d{1,5})?$/.exec(addr) ?? [];
  if (host !== undefined) return fromHost(host, "addr", raw, path, faults);
  const fix = 'write it like "x.upstash.io:6379"';
  faults.push({ path: `${path}.addr`, message: "is not host:port", fix });
  return undefined;
}

function fromHost(
  host: string,
  way: "host" | "addr",
  { addr, port, password, token, tls }: RawAddress,
  path: string,
  faults: Fault[],
): Address | undefined {
  if (isUnset(host)) return undefined;
  if (!/^[A-Za-z0-9.-]+$/.test(host)) {
    faults.push({ path: `${path}.${way}`, message: "is not the name of a host", fix: "write a URL as url" });
    return undefined;
  }
  const written = addr ?? (port === undefined ? host : `${host}:${port}`);
  if (!isUpstash(host)) return refuse(written, `${path}.${way}`, faults);
  if (tls === false) {
    const fix = "write true, or leave it out";
    faults.push({ path: `${path}.tls`, message: "is false, but the gateway speaks only TLS to it", fix });
  }
  if (password !== undefined && token !== undefined)
    return twice(`${path}.token`, "there is a password", faults);
  return finish(host, password ?? token, `${path}.${token === undefined ? "password" : "token"}`, faults);
}

function finish(
  host: string,
  secret: string | undefined,
  path: string,
  faults: Fault[],
): Address | undefined {
  const token = checkSecret(secret, path, faults);
  return token === undefined ? undefined : { url: `https://${host.toLowerCase()}`, token };
}

function checkSecret(secret: string | undefined, path: string, faults: Fault[]): string | undefined {
  if (secret && (isUnset(secret) || /^[\x21-\x7e]+$/.test(secret))) return secret;
  // What no header can hold would come back in an error message, secret and all.
  const message = secret ? "has a space, a line break or the like in it" : "is empty";
  faults.push({ path, message: secret === undefined ? "is required" : message, fix: TOKEN });
  return undefined;
}

function isUpstash(host: string): boolean {
  return host.toLowerCase().endsWith(UPSTASH);
}

function refuse(address: string, path: string, faults: Fault[]): undefined {
  faults.push({ path, message: `${address} speaks Redis over TCP; the edge reaches only HTTP`, fix: BRIDGE });
}

function twice(path: string, other: string, faults: Fault[]): undefined {
  faults.push({ path, message: `is given twice: ${other} too`, fix: "keep one of them" });
}

function isDecodable(text: string): boolean {
  return !/%(?![0-7][0-9a-f])/i.test(text);
}
