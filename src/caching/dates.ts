/** HTTP dates (RFC 9110, 5.6.7). */

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "(\\d{2}:\\d{2}:\\d{2})";
const FIXED = new RegExp(`^${DAY}, (\\d{2}) ${MONTH} (\\d{4}) ${TIME} GMT$`, "i");
const OBSOLETE = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d{2})-${MONTH}-(\\d{2}) ${TIME} GMT$`,
  "i",
);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`, "i");
/** A year of two digits that would be further ahead is one of the last century. */
const AHEAD = 50;

/** Ms since 1970 of a date in one of the three forms, in any case; undefined for anything else, however clear. */
export function parseDate(text: string): number | undefined {
  const [, day, month, year, time] = FIXED.exec(text) ?? OBSOLETE.exec(text) ?? ascOf(text) ?? [];
  if (day === undefined || year === undefined) return undefined;
  const ms = Date.parse(`${day.trim().padStart(2, "0")} ${month} ${fullYear(year)} ${time} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}

function ascOf(text: string): (string | undefined)[] | undefined {
  const [, month, day, time, year] = ASCTIME.exec(text) ?? [];
  return day === undefined ? undefined : ["", day, month, year, time];
}

function fullYear(year: string): number {
  if (year.length === 4) return Number(year);
  const now = new Date().getUTCFullYear();
  const here = now - (now % 100) + Number(year);
  return here > now + AHEAD ? here - 100 : here;
}
