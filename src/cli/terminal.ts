/** What the command line shows: colours and progress on a terminal, and on nothing else; never a secret. */
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Names of variables whose values are nobody's to read. */
const SECRET_NAME = /token|secret|passw|private|api_?key|_key$|credential/i;
/** A shorter value would blacken words that only look like it. */
const SHORTEST_SECRET = 6;

const secrets = new Set<string>();

/** Colours text for standard output, where that is a terminal and NO_COLOR is not set. */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream });
}

/** Prints a result for scripts. */
export function printJson(value: unknown): void {
  const exact = (_: string, field: unknown) => (typeof field === "bigint" ? String(field) : field);
  console.log(JSON.stringify(value, exact, 2));
}

/** One line on standard error that is written over, and gone at the end; without a terminal nothing. */
export type Progress = { show: (text: string) => void; end: () => void };

/** Starts it. */
export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return { show: () => {}, end: () => {} };
  const write = (text: string) => void stream.write(`\r\u001b[K${text}`);
  return { show: (text) => write(text.slice(0, Math.max(20, stream.columns - 1))), end: () => write("") };
}

/** Shows a line while the work is done. */
export async function withProgress<T>(text: string, work: () => Promise<T>): Promise<T> {
  const progress = startProgress();
  progress.show(text);
  try {
    return await work();
  } finally {
    progress.end();
  }
}

/** Asks for a yes on the terminal; the end of the input is a no. */
export async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answer = await Promise.race([lines.question(question), ended]);
  lines.close();
  return /^y(?:es)?$/i.test(answer.trim());
}

/**
 * The text as one line that is what it looks like: what others have written can move the cursor, take back what stands before
 * it, or turn its direction round.
 */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** Remembers the values of variables that are named like secrets. */
export function noteSecrets(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && value.length >= SHORTEST_SECRET && SECRET_NAME.test(name)) secrets.add(value);
  }
}

/** The text without what is remembered as secret, and without passwords in URLs. */
export function hideSecrets(text: string): string {
  const hidden = [...secrets].reduce((shown, secret) => shown.replaceAll(secret, "…"), text);
  return hidden.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1…@");
}
