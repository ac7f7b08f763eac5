import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Backend, Command } from "./resp.ts";

/** A Redis or a Sentinel on the network. */
export interface Address {
  host: string;
  port: number;
}

/** What a Redis URL says. */
export interface Target extends Address {
  tls: boolean;
  /** AUTH and SELECT, where the URL asks for them. */
  greeting: readonly Command[];
}

/**
 * The backend behind `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Throws on any other URL
 * and on a database that is no number; the message never repeats the URL, which may hold a password.
 */
export function connectTo(url: string): Backend {
  const { greeting, tls, ...address } = readRedisUrl(url);
  return { connect: () => openSocket(address, tls), greeting };
}

/** Takes a Redis URL apart. @throws as `connectTo` does */
export function readRedisUrl(url: string): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["redis:", "rediss:"].includes(parsed.protocol) || parsed.hostname === "") {
    throw new Error("The Redis URL must look like redis://user:password@host:6379/0, or rediss:// for TLS.");
  }
  // URL keeps the brackets around an IPv6 address; sockets want it bare.
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(parsed.port || 6379);
  return { host, port, tls: parsed.protocol === "rediss:", greeting: [...auth(parsed), ...select(parsed)] };
}

/** Connects. Over TLS the certificate must be good for the host; NODE_EXTRA_CA_CERTS adds an authority of one's own. */
export function openSocket({ host, port }: Address, tls: boolean): Socket {
  const socket = tls ? connectTls({ host, port, ...serverName(host) }) : connectTcp({ host, port });
  // With Nagle's algorithm a batch waits 40 ms for the acknowledgement of the one before it.
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  return socket;
}

function serverName(host: string): { servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}

function auth(url: URL): Command[] {
  if (url.password === "") return [];
  const password = decode(url.password);
  return url.username === "" ? [["AUTH", password]] : [["AUTH", decode(url.username), password]];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error("The user and password of a Redis URL must have % written as %25.");
  }
}

function select(url: URL): Command[] {
  const db = url.pathname.replace(/^\//, "");
  if (!/^\d*$/.test(db))
    throw new Error("The path of a Redis URL must be a database number, for example /0.");
  return db === "" || Number(db) === 0 ? [] : [["SELECT", db]];
}
