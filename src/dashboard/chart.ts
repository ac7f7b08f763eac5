/** A picture over days: its axes, and what is drawn between them. */
import { ticks } from "d3-array";
import { html, type Markup } from "./html.ts";

export const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 240, 76, 32, 12];

/** Marks are round numbers: what matters is that they fit. */
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 6 });

/** Draws it up to `most`; `alternative` says what is in it to who cannot see it, and `y` gives the height of a value. */
export function chart(
  days: string[],
  most: number,
  alternative: string,
  draw: (y: (value: number) => number) => Markup | Markup[],
): Markup {
  const marks = ticks(0, most || 1, 4);
  const top = Math.max(most, ...marks);
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * value) / top;
  const [first = "", last = ""] = [days[0], days.at(-1)];
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role=img aria-label="${alternative}">
${marks.map((mark) => html`<line class=grid x1=${LEFT} x2=${WIDTH - TOP} y1=${y(mark)} y2=${y(mark)} /><text x=${LEFT - 8} y=${y(mark) + 4} text-anchor=end>${COMPACT.format(mark)}</text>`)}
${draw(y)}
<text x=${LEFT} y=${HEIGHT - 8}>${first}</text><text x=${WIDTH - TOP} y=${HEIGHT - 8} text-anchor=end>${last}</text></svg>`;
}
