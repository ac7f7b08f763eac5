import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Backend, Command } from "./resp.ts";

/**
 * The backend behind `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Throws on any other URL
 * and on a database that is no number; the message never repeats the URL, which may hold a password.
 */
export function connectTo(url: string): Backend {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["redis:", "rediss:"].includes(parsed.protocol) || parsed.hostname === "") {
    throw new Error("The Redis URL must look like redis://user:password@host:6379/0, or rediss:// for TLS.");
  }
  // URL keeps the brackets around an IPv6 address; sockets want it bare.
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(parsed.port || 6379);
  const connect = () => {
    const socket =
      parsed.protocol === "rediss:"
        ? connectTls({ host, port, ...serverName(host) })
        : connectTcp({ host, port });
    // With Nagle's algorithm a batch waits 40 ms for the acknowledgement of the one before it.
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    return socket;
  };
  return { connect, greeting: [...auth(parsed), ...select(parsed)] };
}

function serverName(host: string): { servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}

function auth(url: URL): Command[] {
  if (url.password === "") return [];
  const password = decodeURIComponent(url.password);
  return url.username === "" ? [["AUTH", password]] : [["AUTH", decodeURIComponent(url.username), password]];
}

function select(url: URL): Command[] {
  const db = url.pathname.replace(/^\//, "");
  if (!/^\d*$/.test(db))
    throw new Error("The path of a Redis URL must be a database number, for example /0.");
  return db === "" || Number(db) === 0 ? [] : [["SELECT", db]];
}
