/** What `tollbooth init` says when it is done. */
import { paint, plain } from "../terminal.ts";
import type { Answers } from "./answers.ts";
import type { Level, Note } from "./original/ledger.ts";
import type { Written } from "./write.ts";

const TITLES: Record<Level, string> = {
  money: "CHANGES WHAT IS PAID, or looks as if it did",
  lost: "Not carried over",
  changed: "Carried over in another way",
};
const COLOURS = { money: "red", lost: "yellow", changed: "cyan" } as const;

/** What is to be done next, as commands. */
export function nextCommands(platform: Answers["platform"]): string[] {
  const deploy = {
    workers: ["npx wrangler secret put UPSTASH_REDIS_REST_TOKEN", "npm run deploy"],
    vercel: ["npm run deploy"],
    node: ["npm start"],
    docker: ["docker compose up --build --detach"],
  };
  return ["npm install", "npx tollbooth validate", "npm run dev", ...deploy[platform]];
}

/** The lines for people. */
export function renderReport({ written, kept, byHand }: Written, notes: Note[], next: string[]): string {
  const blocks = [
    [`Written: ${written.join(", ")}.`],
    kept.length > 0 ? [`Left as they were: ${kept.join(", ")}.`] : [],
    byHand.length > 0 ? ["To be added by hand:", ...byHand.map((line) => `  ${line}`)] : [],
    ...(["money", "lost", "changed"] as const).map((level) => renderNotes(level, notes)),
    ["Next:", ...next.map((command) => `  ${command}`)],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** As lines of the comment on top of the configuration. */
export function notesAsComment(notes: Note[]): string[] {
  return notes
    .filter(({ level }) => level === "money")
    .map(({ path, what }) => `- ${path === "" ? "" : `${path}: `}${what}`);
}

function renderNotes(level: Level, notes: Note[]): string[] {
  const own = notes.filter((note) => note.level === level);
  if (own.length === 0) return [];
  const lines = own.flatMap(({ path, what, todo }) => [
    `  ${path === "" ? "" : `${paint("bold", plain(path))}: `}${plain(what)}`,
    ...(todo === undefined ? [] : [`    → ${plain(todo)}`]),
  ]);
  return [paint(COLOURS[level], `${TITLES[level]} (${own.length}):`), ...lines];
}
