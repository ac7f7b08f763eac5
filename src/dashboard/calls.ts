/** Calls by how they ended: each is in one of the classes, so that these add up to all calls. */
import { OUTCOMES, type Outcome } from "../core/metrics.ts";
import { chart, LEFT, TOP, WIDTH } from "./chart.ts";
import { allOf, countText, type Grid, shareText } from "./counts.ts";
import { html, type Markup } from "./html.ts";
import { right, table } from "./tables.ts";

const NAMES: Record<Outcome, string> = {
  paid: "Served, paid",
  ahead: "Served, bought ahead",
  free: "Served, free",
  offered: "Offered a price (402)",
  rejected: "Payment rejected",
  limited: "Rate limited",
  refused: "Refused otherwise",
  upstream: "Upstream's error",
  gateway: "Gateway's error",
};

/** Bars by day, what is in them, and the days as a table. */
export function callsChart(grid: Grid, days: string[]): Markup {
  const all = allOf(grid);
  const known = OUTCOMES.filter((outcome) => (all.get(outcome) ?? 0) > 0);
  const total = sumOf(all);
  if (total === 0) return html`<p>No calls in these days.</p>`;
  const sums = days.map((day) => sumOf(grid.get(day)));
  const alternative = `Calls from ${days[0] ?? ""} to ${days.at(-1) ?? ""}: ${countText(total)} in all, at most ${countText(Math.max(...sums))} a day; the table says how they ended`;
  const legend = known.map((outcome) => {
    const count = all.get(outcome) ?? 0;
    return html`<tr><td><i class="key ${outcome}"></i>${NAMES[outcome]}<td class=n>${countText(count)}<td class=n>${shareText(count, total)}`;
  });
  const whole = html`<tr><th scope=row>All calls<td class=n>${countText(total)}<td class=n>`;
  const rows = days.flatMap((day, i) =>
    sums[i]
      ? [
          html`<tr><td>${day}${[...known.map((outcome) => grid.get(day)?.get(outcome) ?? 0), sums[i]].map((count) => html`<td class=n>${countText(count)}`)}`,
        ]
      : [],
  );
  const head = ["Day", ...known.map((outcome) => right(NAMES[outcome])), right("All")];
  return html`<figure>${chart(days, Math.max(...sums), alternative, (y) => bars(grid, days, known, y))}
${table("How calls ended", ["Outcome", right("Calls"), right("Share")], [...legend, whole])}
<details><summary>By day</summary>${table("Calls by day", head, rows)}</details></figure>`;
}

/** One path for each class, a box for each day, standing on the class before. */
function bars(grid: Grid, days: string[], known: Outcome[], y: (value: number) => number): Markup[] {
  const step = (WIDTH - LEFT - TOP) / days.length;
  const wide = round(step * 0.8);
  const reached = days.map(() => 0);
  return known.map((outcome) => {
    const boxes = days.map((day, i) => {
      const from = reached[i] ?? 0;
      const to = from + (grid.get(day)?.get(outcome) ?? 0);
      reached[i] = to;
      return to > from
        ? `M${round(LEFT + step * (i + 0.1))},${round(y(from))}h${wide}V${round(y(to))}h-${wide}z`
        : "";
    });
    return html`<path class="bar ${outcome}" d="${boxes.join("")}"/>`;
  });
}

/** To a tenth of a unit: less cannot be seen. */
function round(length: number): number {
  return Math.round(length * 10) / 10;
}

function sumOf(cells: Map<string, number> = new Map()): number {
  return [...cells.values()].reduce((sum, count) => sum + count, 0);
}
