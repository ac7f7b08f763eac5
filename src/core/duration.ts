const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in whole milliseconds: `"90s"`, `"15m"`, `"1h"`, `"7d"`, or a number of seconds; undefined for anything else. */
export function parseDuration(text: string | number): number | undefined {
  const [, amount = "", unit = ""] = /^(\d{1,9}) ?(ms|s|m|h|d)$/.exec(
    typeof text === "number" ? `${text}s` : text.trim(),
  ) ?? ["", "", ""];
  const ms = Number(amount) * (UNITS[unit as keyof typeof UNITS] ?? 0);
  return ms > 0 ? ms : undefined;
}
