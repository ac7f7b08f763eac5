import { createHash } from "node:crypto";
import type { Reply } from "./reply.ts";
import type { Command } from "./resp.ts";
import { STRICT_PRELUDE } from "./strict.ts";

/** A command as it goes to Redis, and what to make of Redis' reply to it. */
export interface Rewritten {
  command: Command;
  reply(reply: Reply): Reply;
}

/**
 * Upstash knows a script flag that Redis refuses: `allow-key-locking`, which locks only the script's keys. The
 * rewriter takes it out on the way to Redis, and keeps the caller's SHA of the text working all the same.
 */
export interface ScriptRewriter {
  rewrite(command: Command): Rewritten;
}

// A caller that generates scripts must not fill the memory; a forgotten SHA costs one NOSCRIPT and one EVAL.
const REMEMBERED_SCRIPTS = 10_000;

/** A rewriter with its own SHA table; `strict` makes scripts fail on keys that were not passed in KEYS. */
export function createScriptRewriter(strict: boolean): ScriptRewriter {
  const sent = new Map<string, string>();
  const learn = (script: string): string => {
    const text = toRedisScript(script, strict);
    if (text === script) return text;
    if (sent.size >= REMEMBERED_SCRIPTS) sent.delete(sent.keys().next().value ?? "");
    sent.set(sha1(script), sha1(text));
    return text;
  };
  // Redis takes SHAs in upper case too.
  const translate = (sha: string) => sent.get(sha.toLowerCase()) ?? sha;
  return { rewrite: (command) => rewrite(command, learn, translate) };
}

function rewrite(
  command: Command,
  learn: (script: string) => string,
  translate: (sha: string) => string,
): Rewritten {
  const [name = "", first, ...rest] = command;
  if (first === undefined) return { command, reply: same };
  switch (name.toUpperCase()) {
    case "EVAL":
    case "EVAL_RO":
      return { command: [name, learn(first), ...rest], reply: same };
    case "EVALSHA":
    case "EVALSHA_RO":
      return { command: [name, translate(first), ...rest], reply: same };
    case "SCRIPT":
      return rewriteScript(command, learn, translate);
    default:
      return { command, reply: same };
  }
}

function rewriteScript(
  command: Command,
  learn: (script: string) => string,
  translate: (sha: string) => string,
): Rewritten {
  const [name = "", subcommand = "", ...rest] = command;
  const [script] = rest;
  switch (subcommand.toUpperCase()) {
    case "EXISTS":
      return { command: [name, subcommand, ...rest.map(translate)], reply: same };
    case "LOAD": {
      if (script === undefined || rest.length > 1) return { command, reply: same };
      // The caller must get the SHA of its own text, unless Redis refused the script or only queued it (MULTI).
      const own = Buffer.from(sha1(script));
      const reply = (answer: Reply) => (answer instanceof Uint8Array && answer.length === 40 ? own : answer);
      return { command: [name, subcommand, learn(script)], reply };
    }
    default:
      return { command, reply: same };
  }
}

/**
 * The script as plain Redis takes it. The first line never disappears, so the line numbers in errors stay right;
 * a shebang without flags does, because it would switch Redis 7 to stricter rules.
 */
export function toRedisScript(script: string, strict: boolean): string {
  const prelude = strict ? STRICT_PRELUDE : "";
  if (!script.startsWith("#!")) return prelude + script;
  const end = script.includes("\n") ? script.indexOf("\n") : script.length;
  const shebang = withoutKeyLocking(script.slice(0, end));
  const body = script.slice(end + 1);
  return shebang === "" ? `${prelude}\n${body}` : `${shebang}\n${prelude}${body}`;
}

function withoutKeyLocking(shebang: string): string {
  const words = shebang.split(/\s+/).flatMap((word) => {
    if (!word.startsWith("flags=")) return word === "" ? [] : [word];
    const flags = word.slice("flags=".length).split(",");
    const kept = flags.filter((flag) => flag !== "" && flag !== "allow-key-locking");
    return kept.length === 0 ? [] : [`flags=${kept.join(",")}`];
  });
  return words.length === 1 && words[0] === "#!lua" ? "" : words.join(" ");
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

function same(reply: Reply): Reply {
  return reply;
}
