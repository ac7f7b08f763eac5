/** What became of every field of an original file: carried over, or said to be not. Nothing is lost without a word. */

/**
 * How much a note matters: `money` changes what is charged or who is paid, `lost` is not there any more, `changed` is
 * there in another way.
 */
export type Level = "money" | "lost" | "changed";

/** Something to be known about a field; `path` is empty for what no field of the file says. */
export type Note = { path: string; level: Level; what: string; todo?: string };

/** What is written down while a file is carried over. */
export class Ledger {
  readonly notes: Note[] = [];
  readonly #carried = new Set<string>();

  /** The field and all below it are in the new file. */
  carried(path: string): void {
    this.#carried.add(path);
  }

  /** The field and all below it are in the new file in another way, or not at all. */
  note(path: string, level: Level, what: string, todo?: string): void {
    if (this.notes.some((note) => note.path === path && note.what === what)) return;
    this.notes.push({ path, level, what, ...(todo === undefined ? {} : { todo }) });
  }

  /** The field holds a secret where it should hold the name of a variable. */
  inTheClear(path: string): void {
    const what = "is a secret that stands in the file itself, as it did in the original's";
    this.note(
      path,
      "changed",
      what,
      "put it into a variable, and write ${ITS_NAME}, before others see the file",
    );
  }

  /** Whether the field, or one above it, is accounted for. */
  knows(path: string): boolean {
    const paths = [...this.#carried, ...this.notes.map((note) => note.path)];
    return paths.some((known) => known !== "" && isWithin(path, known));
  }

  /** Says of everything that nobody has looked at that it is not carried over. */
  close(file: unknown): void {
    for (const path of leavesOf(file)) {
      if (!this.knows(path))
        this.note(path, "lost", "no field that the original knew, and none here", "leave it out");
    }
  }
}

/** Paths of all values that hold no others, as faults write them: `routes.GET /x.match[0].price`. */
export function leavesOf(value: unknown, path = ""): string[] {
  const isHolder = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (!isHolder) return path === "" ? [] : [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key),
  );
}

function isWithin(path: string, above: string): boolean {
  return path.startsWith(above) && /^(?:$|[.[])/.test(path.slice(above.length));
}
