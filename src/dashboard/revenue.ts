/** Revenue over time, as a picture made here: no script runs on the page. */
import { ticks } from "d3-array";
import { area, line } from "d3-shape";
import type { Sum } from "../core/ledger.ts";
import { html, type Markup } from "./html.ts";
import { amountOf, type Token, tokenKey } from "./money.ts";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 240, 76, 32, 12];

/** Marks are round numbers: what matters is that they fit. */
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 6 });

/** One picture for each token, with the days as a table for who cannot see it. */
export function revenueCharts(sums: Sum[], days: string[], tokens: Token[]): Markup[] {
  return tokens.map((token) => {
    const byDay = new Map<string, bigint>();
    for (const sum of sums)
      if (tokenKey(sum) === tokenKey(token)) byDay.set(sum.day, (byDay.get(sum.day) ?? 0n) + sum.amount);
    const amounts = days.map((day) => byDay.get(day) ?? 0n);
    const rows = days.flatMap((day, i) =>
      amounts[i] ? [html`<tr><td>${day}<td class=n>${amountOf(amounts[i], token)}`] : [],
    );
    return html`<figure><figcaption>${token.symbol} on ${token.network}</figcaption>${chart(days, amounts, token)}
<details><summary>As a table</summary><table><caption>${token.symbol} by day</caption><tr><th scope=col>Day<th scope=col class=n>Revenue${rows}</table></details></figure>`;
  });
}

/** Heights are drawn to the pixel; what is written is exact. */
function chart(days: string[], amounts: bigint[], token: Token): Markup {
  const unit = 10 ** (token.decimals ?? 0);
  const values = amounts.map((amount) => Number(amount) / unit);
  const marks = ticks(0, Math.max(...values) || 1, 4);
  const top = Math.max(...values, ...marks);
  const x = (i: number) => LEFT + ((WIDTH - LEFT - TOP) * i) / Math.max(1, days.length - 1);
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * value) / top;
  const points = values.map((value, i): [number, number] => [x(i), y(value)]);
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  const [first = "", last = ""] = [days[0], days.at(-1)];
  const alternative = `${token.symbol} from ${first} to ${last}: ${amountOf(total, token)} in all, at most ${amountOf(most(amounts), token)} a day`;
  const filled = area()
    .y0(y(0))
    .y1(([, height]) => height);
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role=img aria-label="${alternative}">
${marks.map((mark) => html`<line class=grid x1=${LEFT} x2=${WIDTH - TOP} y1=${y(mark)} y2=${y(mark)} /><text x=${LEFT - 8} y=${y(mark) + 4} text-anchor=end>${COMPACT.format(mark)}</text>`)}
<path class=area d="${filled(points) ?? ""}"/><path class=line d="${line()(points) ?? ""}"/>
<text x=${LEFT} y=${HEIGHT - 8}>${first}</text><text x=${WIDTH - TOP} y=${HEIGHT - 8} text-anchor=end>${last}</text></svg>`;
}

function most(amounts: bigint[]): bigint {
  return amounts.reduce((so, amount) => (amount > so ? amount : so), 0n);
}
