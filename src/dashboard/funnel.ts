/** From a price that was offered to an answer that was delivered. */
import { STAGES } from "../core/metrics.ts";
import { WIDTH } from "./chart.ts";
import { allOf, countText, type Grid, shareText } from "./counts.ts";
import { html, type Markup } from "./html.ts";
import { MOST_ROUTES, right, table } from "./tables.ts";

type Stage = (typeof STAGES)[number];

const NAMES: Record<Stage, string> = {
  offered: "Offered",
  presented: "Presented",
  settled: "Settled",
  delivered: "Delivered",
  owed: "Owed",
};
/** What a stage is a share of: what may come to it. */
const BEFORE: Record<Stage, Stage | undefined> = {
  offered: undefined,
  presented: "offered",
  settled: "presented",
  delivered: "settled",
  owed: "settled",
};
const [LABELS, FIGURES, ROW] = [130, 220, 40];

/** The steps of all routes as bars, and of each as a row. */
export function funnel(grid: Grid): Markup {
  const all = allOf(grid);
  if (all.size === 0) return html`<p>Nothing was offered in these days.</p>`;
  const routes = [...grid].sort(([, a], [, b]) => weightOf(b) - weightOf(a));
  const rows = routes
    .slice(0, MOST_ROUTES)
    .map(
      ([route, cells]) =>
        html`<tr><td>${route}${STAGES.map((stage) => html`<td class=n>${text(cells, stage)}`)}`,
    );
  const head = ["Route", ...STAGES.map((stage) => right(NAMES[stage]))];
  return html`<p class=note>Shares are of the step before, of what is owed those of what was settled. More is presented than was offered where clients know the price, or come again.</p>
<figure>${picture(all)}</figure>${table(`By route: ${rows.length} of ${routes.length}`, head, rows)}`;
}

function picture(all: Map<string, number>): Markup {
  const most = Math.max(1, ...STAGES.map((stage) => all.get(stage) ?? 0));
  const bars = STAGES.map((stage, i) => {
    const width = Math.round(((WIDTH - LABELS - FIGURES) * (all.get(stage) ?? 0)) / most);
    const y = i * ROW;
    return html`<text x=0 y=${y + 27}>${NAMES[stage]}</text><rect class="bar s-${stage}" x=${LABELS} y=${y + 6} width=${width} height=${ROW - 12} /><text x=${LABELS + width + 10} y=${y + 27}>${text(all, stage)}</text>`;
  });
  const said = STAGES.map((stage) => `${NAMES[stage]} ${text(all, stage)}`).join(", ");
  return html`<svg viewBox="0 0 ${WIDTH} ${STAGES.length * ROW}" role=img aria-label="${said}">${bars}</svg>`;
}

function text(cells: Map<string, number>, stage: Stage): string {
  const count = cells.get(stage) ?? 0;
  const before = BEFORE[stage];
  const share = before && shareText(count, cells.get(before) ?? 0);
  return share ? `${countText(count)} (${share})` : countText(count);
}

function weightOf(cells: Map<string, number>): number {
  return (cells.get("offered") ?? 0) + (cells.get("presented") ?? 0);
}
