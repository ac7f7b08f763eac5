/** Revenue over time, as a picture made here: no script runs on the page. */
import { area, line } from "d3-shape";
import type { Sum } from "../core/ledger.ts";
import { chart, LEFT, TOP, WIDTH } from "./chart.ts";
import { html, type Markup } from "./html.ts";
import { amountOf, type Token, tokenKey } from "./money.ts";

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
    return html`<figure><figcaption>${token.symbol} on ${token.network}</figcaption>${picture(days, amounts, token)}
<details><summary>As a table</summary><table><caption>${token.symbol} by day</caption><tr><th scope=col>Day<th scope=col class=n>Revenue${rows}</table></details></figure>`;
  });
}

/** Heights are drawn to the pixel; what is written is exact. */
function picture(days: string[], amounts: bigint[], token: Token): Markup {
  const unit = 10 ** (token.decimals ?? 0);
  const values = amounts.map((amount) => Number(amount) / unit);
  const x = (i: number) => LEFT + ((WIDTH - LEFT - TOP) * i) / Math.max(1, days.length - 1);
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  const alternative = `${token.symbol} from ${days[0] ?? ""} to ${days.at(-1) ?? ""}: ${amountOf(total, token)} in all, at most ${amountOf(most(amounts), token)} a day`;
  return chart(days, Math.max(...values), alternative, (y) => {
    const points = values.map((value, i): [number, number] => [x(i), y(value)]);
    const filled = area()
      .y0(y(0))
      .y1(([, height]) => height);
    return html`<path class=area d="${filled(points) ?? ""}"/><path class=line d="${line()(points) ?? ""}"/>`;
  });
}

function most(amounts: bigint[]): bigint {
  return amounts.reduce((so, amount) => (amount > so ? amount : so), 0n);
}
