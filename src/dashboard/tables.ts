/** The tables of the page. */
import type { Doubt, Entry, Sum } from "../core/ledger.ts";
import { countText } from "./counts.ts";
import { html, type Markup } from "./html.ts";
import { amountOf, tokenKey } from "./money.ts";

/** Routes that are shown, those with the most receipts. */
export const MOST_ROUTES = 15;

/** A table that scrolls by itself where it is too wide. */
export function table(caption: string, head: (string | Markup)[], rows: Markup[]): Markup {
  const cells = head.map((name) => (typeof name === "string" ? html`<th scope=col>${name}` : name));
  return html`<div class=wide tabindex=0 role=region aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${cells}</thead><tbody>${rows}</tbody></table></div>`;
}

/** The head of a column of numbers. */
export const right = (name: string) => html`<th scope=col class=n>${name}`;
const time = (at: number) => {
  const text = new Date(at).toISOString();
  return html`<time datetime="${text}">${text.slice(0, 19).replace("T", " ")}</time>`;
};

/** What sells, by token. */
export function routesTable(sums: Sum[]): Markup {
  const byRoute = new Map<string, Sum>();
  for (const sum of sums) {
    const key = tokenKey(sum) + sum.route;
    const so = byRoute.get(key) ?? { ...sum, receipts: 0, delivered: 0, broken: 0, amount: 0n };
    so.receipts += sum.receipts;
    so.delivered += sum.delivered;
    so.amount += sum.amount;
    byRoute.set(key, so);
  }
  const all = [...byRoute.values()].sort((a, b) => b.receipts - a.receipts);
  const rows = all
    .slice(0, MOST_ROUTES)
    .map(
      (sum) =>
        html`<tr><td>${sum.route}<td class=n>${countText(sum.receipts)}<td class=n>${countText(sum.delivered)}<td class=n>${amountOf(sum.amount, sum)}<td>${sum.symbol}<td>${sum.network}`,
    );
  const head = ["Route", right("Receipts"), right("Delivered"), right("Revenue"), "Token", "Network"];
  return table(`Top routes: ${rows.length} of ${all.length}`, head, rows);
}

/** Receipts, with what became of what they are for. */
export function entriesTable(caption: string, entries: Entry[]): Markup {
  const rows = entries.map(
    (entry) =>
      html`<tr><td>${time(entry.settledAt)}<td>${entry.route}<td class=n>${amountOf(entry.amount, entry)}<td>${entry.symbol}<td class="${entry.status}">${entry.status}<td><code title="${entry.transaction}">${short(entry.transaction)}</code><td><code>${entry.payer.slice(0, 8)}</code>`,
  );
  return table(
    caption,
    ["Settled (UTC)", "Route", right("Amount"), "Token", "Status", "Transaction", "Payer"],
    rows,
  );
}

/** Payments of which nobody knows yet whether they were settled. */
export function doubtsTable(doubts: Doubt[]): Markup {
  const rows = doubts.map(
    ({ since, route, reason, spend }) =>
      html`<tr><td>${time(since)}<td>${route}<td class=doubt>${reason || "not seen to end"}<td><code>${short(spend)}</code>`,
  );
  return table(`In doubt: ${doubts.length}`, ["Since (UTC)", "Route", "Reason", "Payment"], rows);
}

function short(hash: string): string {
  return hash.length > 14 ? `${hash.slice(0, 10)}…` : hash || "none";
}
