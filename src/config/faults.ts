/** What is wrong with a configuration: all of it at once, each with where, what, and what to write instead. */
import { closest, distance } from "fastest-levenshtein";

/** One fault. `path` is where in the config, `fix` what to write instead; `env` is a variable that is not set. */
export type Fault = { kind?: "env"; path: string; message: string; fix?: string };

/** Thrown with every fault of a configuration. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: Fault[];

  constructor(faults: Fault[]) {
    super(
      `The configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n${format(faults)}`,
    );
    this.faults = faults;
  }
}

/** One line per fault, its fix on the next. */
export function format(faults: Fault[]): string {
  return faults
    .map(({ path, message, fix }) => `  ${path}: ${message}${fix ? `\n    → ${fix}` : ""}`)
    .join("\n");
}

/** A hint at the known name nearest to a wrong one, or at all of them. */
export function suggest(wrong: string, known: readonly string[]): string {
  if (known.length === 0) return "there are none";
  const best = closest(wrong, [...known]);
  const near = distance(wrong, best) <= Math.max(2, wrong.length / 3);
  return near
    ? `did you mean "${best}"?`
    : `known: ${known.slice(0, 12).join(", ")}${known.length > 12 ? ", …" : ""}`;
}
