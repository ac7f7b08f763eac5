/** The pages themselves, from what was found. */
import type { Doubt, Entry, Ledger, Sum } from "../core/ledger.ts";
import { callsChart } from "./calls.ts";
import { countText, type Grids } from "./counts.ts";
import { funnel } from "./funnel.ts";
import { html, type Markup } from "./html.ts";
import { latencies, storeHealth } from "./latency.ts";
import { amountOf, type Token, tokenKey } from "./money.ts";
import { revenueCharts } from "./revenue.ts";
import { DASHBOARD_PATH } from "./session.ts";
import { STYLE } from "./style.ts";
import { doubtsTable, entriesTable, routesTable } from "./tables.ts";

/** What one look at the dashboard asks for. */
export type View = { days: number; day: string; before: number | undefined };

/** What the stores say to that. */
export type Findings = {
  /** The days of the charts, in turn. */
  days: string[];
  sums: Sum[];
  /** Undefined when they cannot be read. */
  grids: Grids | undefined;
  owed: { entries: Entry[]; total: number };
  doubts: Doubt[];
  receipts: Awaited<ReturnType<Ledger["page"]>>;
};

const RANGES = [7, 30, 90];

function page(title: string, body: Markup): string {
  return html`<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width,initial-scale=1"><meta name=robots content=noindex><title>${title}</title><style>`.text.concat(
    STYLE,
    html`</style><body>${body}`.text,
  );
}

/** Asks for the token. */
export function loginPage(refused: boolean): string {
  const said = refused ? html`<p role=alert class=owed>That is not the token.</p>` : undefined;
  return page(
    "Tollbooth: sign in",
    html`<form class=login method=post action="${DASHBOARD_PATH}/login"><h1>Tollbooth</h1>${said}<input type=text name=username value=operator autocomplete=username hidden><label for=token>Operators' token</label><input id=token name=token type=password autocomplete=current-password required autofocus><button>Sign in</button></form>`,
  );
}

/** Says what went wrong. */
export function failurePage(sentence: string): string {
  return page(
    "Tollbooth",
    html`<h1>Tollbooth</h1><p role=alert>${sentence}</p><p><a href="${DASHBOARD_PATH}">Try again</a></p>`,
  );
}

/** Everything on one page. */
export function dashboardPage(view: View, found: Findings): string {
  const { sums, grids, owed, doubts, receipts, days } = found;
  const tokens = tokensOf(sums);
  const ranges = RANGES.map(
    (range) =>
      html`<a href="?days=${range}"${range === view.days ? html` aria-current=page` : undefined}>${range} days</a>`,
  );
  const older =
    receipts.before === undefined
      ? undefined
      : html`<a rel=next href="?days=${view.days}&amp;day=${view.day}&amp;before=${receipts.before}#receipts">Older</a>`;
  return page(
    "Tollbooth",
    html`<header><h1>Tollbooth</h1><nav aria-label="Days shown">${ranges}</nav><form method=post action="${DASHBOARD_PATH}/logout"><button>Sign out</button></form></header>
<main>${tiles(sums, tokens, owed.total, doubts.length)}
<h2>Revenue over time</h2>${tokens.length === 0 ? html`<p>No receipts in these days.</p>` : revenueCharts(sums, days, tokens)}
${traffic(grids, days)}
<h2>Routes</h2>${routesTable(sums)}
<h2>Owed and in doubt</h2>${entriesTable(`Paid and not delivered: ${countText(owed.total)}, oldest first`, owed.entries)}${doubtsTable(doubts)}
${grids && html`<h2>The store</h2>${storeHealth(grids)}`}
<h2 id=receipts>Receipts</h2><form method=get action="${DASHBOARD_PATH}#receipts"><input type=hidden name=days value=${view.days}><label>Day <input type=date name=day value="${view.day}"></label> <button>Show</button></form>
${entriesTable(`${countText(receipts.total)} receipts on ${view.day}, newest first`, receipts.entries)}<p>${older}</p></main>`,
  );
}

/** What was counted of all calls, the unpaid ones too. */
function traffic(grids: Grids | undefined, days: string[]): Markup {
  if (!grids) {
    return html`<p role=status class=owed>What was counted of calls cannot be read now. Everything else on this page is there.</p>`;
  }
  return html`<h2>Calls by outcome</h2>${callsChart(grids.outcomes_total, days)}
<h2>From offer to delivery</h2>${funnel(grids.payment_stages_total)}
<h2>Latency</h2>${latencies(grids)}`;
}

function tiles(sums: Sum[], tokens: Token[], owed: number, doubts: number): Markup {
  const revenue = tokens.map((token) => {
    const own = sums.filter((sum) => tokenKey(sum) === tokenKey(token));
    const amount = own.reduce((total, sum) => total + sum.amount, 0n);
    return html`<div><b>${amountOf(amount, token)} ${token.symbol}</b><span>${token.network}</span></div>`;
  });
  const receipts = sums.reduce((total, sum) => total + sum.receipts, 0);
  const counts = { receipts, owed, "in doubt": doubts };
  return html`<div class=tiles>${revenue}${Object.entries(counts).map(([name, count]) => html`<div><b>${countText(count)}</b><span>${name}</span></div>`)}</div>`;
}

function tokensOf(sums: Sum[]): Token[] {
  return [...new Map(sums.map((sum) => [tokenKey(sum), sum])).values()];
}
