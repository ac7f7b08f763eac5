/**
 * Writes `src/paywall/built.ts`: the script and the style of the page that people see (`paywall/`), minified, with the
 * hashes that its policy names. A string in a module needs nothing of a bundler, so it is the same on every platform.
 */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { build } from "esbuild";

const OUT = "src/paywall/built.ts";

async function minified(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
  });
  return (outputFiles[0]?.text ?? "").trim();
}

/** The module's text. */
export async function buildPage(): Promise<string> {
  const [script, style] = [await minified("paywall/main.ts"), await minified("paywall/style.css")];
  // It would end the element that it stands in.
  if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error("the text ends its element");
  const lines = Object.entries({ SCRIPT: script, STYLE: style }).flatMap(([name, text]) => [
    `export const ${name} = ${JSON.stringify(text)};`,
    `export const ${name}_HASH = "sha256-${createHash("sha256").update(text).digest("base64")}";`,
  ]);
  return `/** Written by \`scripts/build-paywall.ts\` from \`paywall/\`. */\n${lines.join("\n")}\n`;
}

if (import.meta.main) await writeFile(OUT, await buildPage());
