/** The parts of "Every way to charge", which have a laboratory of their own. */
import { countCharges } from "./charges.ts";
import { measureQuotes, measureScans, type QuoteEffort } from "./quotes.ts";
import { measureStreams, type StreamEffort } from "./streams.ts";
import type { Ways } from "./way-tables.ts";
import { startWays } from "./ways.ts";

/** How much to measure. */
export type WaysEffort = QuoteEffort & StreamEffort;

type Part = "quotes" | "streams" | "charges";
type Measured = Omit<Ways, "machine">;

/** Names of the parts. */
export const WAY_PARTS: readonly Part[] = ["quotes", "streams", "charges"];

/** Measures these parts and says each as soon as it is there. */
export async function measureWays(
  parts: readonly string[],
  effort: WaysEffort,
  say: (measured: Measured) => void,
): Promise<Measured> {
  const all: Measured = {};
  const add = (measured: Measured) => say(Object.assign(all, measured) && measured);
  // First, alone in this process: nothing else is to run beside what is measured in it.
  if (parts.includes("quotes")) add({ quotes: await measureQuotes(effort), scans: measureScans() });
  if (!parts.includes("streams") && !parts.includes("charges")) return all;
  const lab = await startWays();
  try {
    if (parts.includes("charges")) add({ charges: await countCharges(lab) });
    if (parts.includes("streams")) add({ streams: await measureStreams(lab, effort) });
  } finally {
    await lab.stop();
  }
  return all;
}
