/** A request before it is known what it is for. */
import type { Colo } from "./cache.ts";
import type { Trace } from "./trace.ts";

/** A request as the platform delivered it; `locate` adds what the seller's own proxies say of it. */
export type Arrival = {
  request: Request;
  /** Path as it was on the wire, where the platform still knows it; else that of `request.url`. */
  rawPath: string;
  /** Who is connected, as the platform vouches for it; once located, the client behind the proxies that are trusted. */
  clientAddress: string | undefined;
  /** True where the platform itself has put that address at the end of `X-Forwarded-For`. */
  addressListed?: boolean;
  /** Addresses of the proxies between the client and the gateway, the client's end first; none unless they are trusted. */
  via?: string[];
  /** Scheme and host that the client asked for, where a trusted proxy says other ones than `request.url`. */
  origin?: string;
  /** Keeps the isolate alive until the promise is done. */
  waitUntil: (work: Promise<unknown>) => void;
  /** Whether an answer can be a WebSocket. */
  upgrades?: boolean;
  /** Sends a body that streams to an upstream, where the runtime's `fetch` would keep all of it; redirects are not followed. */
  upload?: (
    target: URL,
    init: { method: string; headers: Headers; body: ReadableStream<Uint8Array>; signal: AbortSignal },
  ) => Promise<Response>;
  /** True when it was not the client that ended the connection, where the platform can tell. */
  wasCut?: () => boolean;
  /** What the gateway runs in, and where, as the platform says. */
  runtime?: "workers" | "vercel" | "node";
  region?: string | undefined;
  /** Names the request in the log. */
  id?: string;
  /** The trace that it belongs to. */
  trace?: Trace | undefined;
  /** A cache of the platform's near this isolate. */
  colo?: Colo | undefined;
};
