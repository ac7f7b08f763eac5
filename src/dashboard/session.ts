/**
 * Who has proven to be an operator: by `Authorization: Bearer`, or in a browser by a cookie that was given for the token. The
 * cookie has an end and a signature and never the token; nothing of it is stored, and another token ends all of them.
 */
import { hasBearer, isSame } from "../core/bearer.ts";
import type { Clock } from "../core/events.ts";
import { makeMac } from "../core/mac.ts";
import { readCookies } from "../core/session.ts";

/** Its browser sends it back to these paths only. */
export const DASHBOARD_PATH = "/__tollbooth";

const COOKIE = "tollbooth-operator";
const SIGNED = /^(\d{1,12})\.([0-9a-f]{64})$/;
/** A working day. */
const LASTS_SECONDS = 12 * 3600;

/** Knows operators. */
export type Operators = {
  knows: (request: Request) => Promise<boolean>;
  /** The cookie for this token; undefined when it is not theirs. */
  admit: (token: string) => Promise<string | undefined>;
  /** The cookie that takes it away. */
  dismiss: string;
};

/** Makes the check for this token. */
export function makeOperators(token: string, clock: Clock): Operators {
  const mac = makeMac("dashboard", token);
  return {
    async knows(request) {
      if (await hasBearer(request, token)) return true;
      if (!isLook(request)) return false;
      const [, ends = "", seal = ""] = SIGNED.exec(readCookies(request.headers).get(COOKIE) ?? "") ?? [];
      if (ends === "" || Number(ends) * 1000 <= clock()) return false;
      return mac.isSealed(ends, seal);
    },
    async admit(given) {
      if (!(await isSame(given, token))) return undefined;
      const ends = String(Math.floor(clock() / 1000) + LASTS_SECONDS);
      return cookie(`${ends}.${await mac.seal(ends)}`, LASTS_SECONDS);
    },
    dismiss: cookie("", 0),
  };
}

/**
 * True unless a page of somebody else's has sent it: what a browser says of that cannot be said by a page. Who says nothing is no
 * browser, or one that `SameSite` is known to.
 */
export function isOwnForm({ headers, url }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  return origin === null || origin.replace(/^https?:\/\//, "") === (headers.get("host") ?? new URL(url).host);
}

/**
 * True where somebody looks at the page. Upstreams' pages are of the gateway's origin, so that the cookie goes along with what
 * a script in them asks for as well; but it cannot say that it is somebody who opens a page.
 */
function isLook({ headers }: Request): boolean {
  const says = (name: string, wanted: string) => (headers.get(name) ?? wanted) === wanted;
  return says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document");
}

function cookie(value: string, seconds: number): string {
  return `${COOKIE}=${value}; Path=${DASHBOARD_PATH}; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Strict`;
}
