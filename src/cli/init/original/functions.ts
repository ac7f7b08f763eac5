/** Hooks and price functions: paths to modules there, imports here. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Draft, Name } from "../draft.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import type { Ledger } from "./ledger.ts";

const HOOKS = ["onRequest", "onPriceResolved", "onSettled", "onResponse", "onError"] as const;

/** Makes imports of module paths, each once. */
export class Functions {
  readonly imports: Draft["imports"] = [];
  readonly #folder: string;
  readonly #ledger: Ledger;

  constructor(folder: string, ledger: Ledger) {
    this.#folder = folder;
    this.#ledger = ledger;
  }

  /** The name that a module's function is imported by; undefined when it is not there, which is noted. */
  take(written: unknown, path: string, kind: "hook" | "price"): Name | undefined {
    const module = String(written);
    const from = /^\.{0,2}\//.test(module) ? module : `./${module}`;
    if (!existsSync(resolve(this.#folder, module))) {
      const level = kind === "price" ? "money" : "lost";
      const todo = `import the function, and write it as ${path.split(".").at(-1)}`;
      this.#ledger.note(path, level, `there is no ${module} here, so nothing can be imported`, todo);
      return undefined;
    }
    const what = `${module} is imported, but it was written for the original: what it is given and gives back differs`;
    if (kind === "hook") this.#ledger.note(path, "changed", what, "go through it with docs/hooks.md");
    else {
      const number = "a number without a point was atomic units there, and is dollars here";
      this.#ledger.note(path, "money", `${what}; ${number}`, "go through it with docs/pricing.md");
    }
    const known = this.imports.find((one) => one.from === from);
    if (known) return new Name(known.name);
    const name = this.#nameOf(module);
    this.imports.push({ name, from });
    return new Name(name);
  }

  /** Hooks, global or of a route. */
  hooks(written: unknown, path: string): Fields | undefined {
    const hooks: Fields = {};
    const fields = fieldsOf(written);
    for (const name of HOOKS) {
      if (fields[name] === undefined) continue;
      const hook = this.take(fields[name], `${path}.${name}`, "hook");
      if (hook) hooks[name] = hook;
    }
    return Object.keys(hooks).length > 0 ? hooks : undefined;
  }

  #nameOf(module: string): string {
    const base = (module.split("/").at(-1) ?? "").replace(/\.[cm]?[jt]sx?$/, "");
    const words = base.split(/\W+/).filter((word) => word !== "");
    const [first = "module", ...others] = words;
    const plain =
      first.replace(/^(?=\d)/, "_") + others.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("");
    const name = RESERVED.has(plain) ? `${plain}Function` : plain;
    const taken = this.imports.filter((one) => one.name.replace(/\d+$/, "") === name).length;
    return taken === 0 ? name : `${name}${taken + 1}`;
  }
}

/** What a module may be called and a variable may not, and the name that the file itself needs. */
const RESERVED = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
   finally for function if implements import in instanceof interface let new null package private protected public return
   static super switch this throw true try typeof undefined var void while with yield defineConfig`.split(
    /\s+/,
  ),
);
