/**
 * The operators' page at `/__tollbooth`: what was earned, what is owed or in doubt, the receipts. It is made on the server, runs
 * no script, and is for who has the operators' token only; who has not learns that there is a form and nothing else. What it shows
 * is read from the stores when it is asked for.
 */
import { openBody, shortBody } from "../core/body.ts";
import { toBase64 } from "../core/bytes.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock } from "../core/events.ts";
import type { Ledger } from "../core/ledger.ts";
import type { StatsStore } from "../core/stores.ts";
import { type Grids, SHOWN_METRICS, toGrids } from "./counts.ts";
import { dashboardPage, failurePage, loginPage, type View } from "./page.ts";
import { DASHBOARD_PATH, isOwnForm, makeOperators } from "./session.ts";
import { STYLE } from "./style.ts";

/** Answers what operators ask at its paths. Never throws. */
export type Dashboard = (request: Request) => Promise<Response>;

const DAY_MS = 86_400_000;
/** Receipts on one page. */
const SHOWN = 50;
/** Owed ones that are shown, and payments in doubt of each part of the index: `tollbooth stats --owed` has them all. */
const TROUBLES = 10;
const MOST_DAYS = 366;
const MOST_BYTES = 4096;

/** Where it is all read, for one look. */
export type Look = { ledger: Ledger; over: StatsStore["over"] };

/** Makes the room. `look` opens what is read, once for each page. */
export function makeDashboard(options: { look: () => Look; token: string; clock: Clock }): Dashboard {
  const { look, token, clock } = options;
  const operators = makeOperators(token, clock);

  async function show(url: URL): Promise<Response> {
    const view = viewOf(url, clock());
    const today = Math.floor(clock() / DAY_MS);
    const days = Array.from({ length: view.days }, (_, i) => dayOf(today - view.days + 1 + i));
    const [first, last] = [days[0] ?? view.day, dayOf(today)];
    const { ledger, over } = look();
    const [sums, grids, owed, doubts, receipts] = await Promise.all([
      ledger.sums(first, last),
      gridsOf(over(first, last, "outcomes_total", SHOWN_METRICS)),
      ledger.owed(TROUBLES),
      ledger.doubts(TROUBLES),
      ledger.page({ day: view.day, before: view.before, limit: SHOWN }),
    ]);
    return answer(200, dashboardPage(view, { days, sums, grids, owed, doubts, receipts }));
  }

  async function login(request: Request): Promise<Response> {
    const form = new URLSearchParams(
      new TextDecoder().decode(await openBody(request, shortBody(MOST_BYTES)).bytes()),
    );
    const cookie = await operators.admit(form.get("token") ?? "");
    return cookie ? back(cookie) : answer(401, loginPage(true));
  }

  async function serve(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const place = url.pathname.slice(DASHBOARD_PATH.length);
    const posts = place !== "";
    const allowed = posts ? ["POST"] : ["GET", "HEAD"];
    if (!allowed.includes(request.method)) {
      const refused = await answer(405, failurePage("That is not how this page is asked."));
      refused.headers.set("allow", allowed.join(", "));
      return refused;
    }
    if (posts && !isOwnForm(request))
      return answer(403, failurePage("This form was sent by a page of somebody else's."));
    if (place === "/login") return login(request);
    if (place === "/logout") return back(operators.dismiss);
    return (await operators.knows(request)) ? show(url) : answer(401, loginPage(false));
  }

  return (request) =>
    serve(request).catch((error: unknown) => {
      const store = error instanceof GatewayError && error.code === "store_unavailable";
      const status = error instanceof GatewayError ? error.status : 500;
      return answer(status, failurePage(store ? "The store does not answer." : "That did not work."));
    });
}

/** Statistics: that they cannot be read is no reason to show nothing. */
async function gridsOf(sums: ReturnType<Look["over"]>): Promise<Grids | undefined> {
  return sums.then(toGrids, () => undefined);
}

/** What is asked for; what cannot be read is what is shown by itself. */
function viewOf({ searchParams }: URL, now: number): View {
  const days = Number(searchParams.get("days") ?? 30);
  const day = searchParams.get("day") ?? "";
  const before = Number(searchParams.get("before") ?? Number.NaN);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(day));
  return {
    days: Number.isInteger(days) && days >= 1 && days <= MOST_DAYS ? days : 30,
    day: isDay ? day : dayOf(Math.floor(now / DAY_MS)),
    before: Number.isSafeInteger(before) && before >= 0 ? before : undefined,
  };
}

function dayOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function back(cookie: string): Response {
  const headers = { location: DASHBOARD_PATH, "set-cookie": cookie, "cache-control": "no-store" };
  return new Response(null, { status: 303, headers });
}

async function answer(status: number, page: string): Promise<Response> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLE));
  const style = `'sha256-${toBase64([new Uint8Array(digest)])}'`;
  return new Response(page, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; style-src ${style}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
      "cache-control": "no-store",
      // A page of an upstream that opens this one cannot read in its window.
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-robots-tag": "noindex, nofollow",
    },
  });
}
