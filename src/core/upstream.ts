/** The services behind the gateway, and what the configuration says of how they are asked. Plain data, but for the bindings in it. */

/** A service binding of Workers: another worker that is asked without a network in between. */
export type Service = { fetch: (input: URL, init?: RequestInit) => Promise<Response> };

/** True for a binding: an object that is asked like the network. */
export function isService(value: unknown): value is Service {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "fetch") === "function";
}

/** Header fields that are taken away, then those that are set; names in lower case. */
export type HeaderChange = { remove: string[]; set: Record<string, string> };

/** One of the places that an upstream is at. */
export type Target = {
  /** Names it in the store, the same for every instance of one configuration; 8 hexadecimal digits. */
  id: string;
  /** Base URL without a trailing slash; its path is put before every forwarded path. */
  base: URL;
  /** Asked in place of the network. */
  service: Service | undefined;
  /** How often it is chosen, beside the others' weights. */
  weight: number;
  /** Set on every request to it, over what the client sent. */
  headers: Record<string, string>;
};

/** Why an attempt is worth another: no answer came, none came in time, or it was this status. */
export type Mishap = "connect" | "timeout" | "502" | "503" | "504";

/** A service calls are forwarded to. */
export type Upstream = {
  name: string;
  /** Of the first target: a call's URL is that of the first, until one is chosen. */
  base: URL;
  targets: [Target, ...Target[]];
  /** Whether the client's cookies go to this upstream. */
  cookies: boolean;
  /** Longest wait of one attempt for the response headers, ms. */
  timeoutMs: number;
  /** Longest wait of all attempts together, ms. */
  waitMs: number;
  /** Longest silence between two chunks of the answer, ms; undefined has no end. */
  idleMs: number | undefined;
  /** Longest exchange, from the first attempt to the last byte, ms; undefined has no end. */
  totalMs: number | undefined;
  /** Attempts in all, and what the next one is for. */
  retries: { attempts: number; on: Mishap[] };
  /** So many failures within a time put a target out for a time, ms; undefined: nobody counts. */
  health: { failures: number; withinMs: number; ejectMs: number } | undefined;
  responseHeaders: HeaderChange;
};
