/** What a URL in the configuration may be. Money and secrets go over TLS, or stay on this machine. */
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The URL without trailing slashes, or undefined with a fault.
 * @param tls when set, plain HTTP is refused unless the host is loopback
 */
export function checkUrl(text: string, path: string, tls: boolean, faults: Fault[]): URL | undefined {
  if (isUnset(text)) return undefined;
  const fault = (message: string, fix: string) => {
    faults.push({ path, message, fix });
    return undefined;
  };
  if (!URL.canParse(text)) return fault(`"${text}" is not a URL`, "write it with its scheme: https://…");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return fault(`${url.protocol}// cannot be reached from the edge`, "use an https:// URL");
  }
  if (tls && url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    return fault(
      "plain HTTP would show payments and tokens on the way",
      "use https://, or a loopback address",
    );
  }
  if (url.username || url.password)
    return fault("credentials do not belong in the URL", "use headers or a token");
  if (url.search || url.hash) return fault("a base URL has no query and no fragment", "leave them out");
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

/** A URL that is called as it is: providers put keys into its path and query. */
export function checkNodeUrl(text: string, path: string, faults: Fault[]): string | undefined {
  const [address = "", query] = text.split("?");
  return checkUrl(address, path, true, faults) && (query === undefined ? address : `${address}?${query}`);
}

/** The URL as a prefix to append a path to. */
export function asPrefix(url: URL): string {
  return url.href.replace(/\/$/, "");
}
