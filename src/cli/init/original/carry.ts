/**
 * From an original `tollbooth.config.yaml` (1.1.0) to a configuration of this gateway. What is written is what the
 * original did, not what it looks as if it did; where the two differ, a note says so.
 */
import type { Fault } from "../../../config/faults.ts";
import { CommandError } from "../../config-file.ts";
import { faultsOf } from "../check.ts";
import { type Draft, strike } from "../draft.ts";
import { defined, type Fields, fieldsOf, listOf } from "./fields.ts";
import { Functions } from "./functions.ts";
import { carryDefaults, carryGateway, carryUpstreams } from "./gateway.ts";
import { Ledger } from "./ledger.ts";
import { carryAccepts, carrySettlement, carryWallets } from "./payments.ts";
import { reasonFor } from "./reasons.ts";
import { carryRoutes } from "./route.ts";
import { carryStores } from "./stores.ts";

const DEFAULT_PRICE = "$0.001";
/** Without these there is no configuration. */
const NEEDED = ["wallets", "accepts", "upstreams", "routes", "facilitator", "stores"];
/** More faults than fields cannot be. */
const MOST_ROUNDS = 10_000;

/** Carries a file over; `folder` is where the modules that it names are. @throws CommandError when there is nothing to carry */
export async function carry(read: unknown, folder: string): Promise<{ draft: Draft; ledger: Ledger }> {
  const ledger = new Ledger();
  const file = fieldsOf(plainReferences(read));
  const functions = new Functions(folder, ledger);
  const accepts = carryAccepts(file.accepts, "accepts", ledger);
  const asset = String(accepts[0]?.asset ?? "USDC");
  const defaults = carryDefaults(file, asset, ledger);
  const upstreams = carryUpstreams(file, asset, ledger);
  const hooks = functions.hooks(file.hooks, "hooks");
  const otherwise = String(defaults.price ?? DEFAULT_PRICE);
  const around = { asset, otherwise, defaults, upstreams, hooks, ledger, functions };
  const config = defined({
    gateway: carryGateway(file, ledger),
    wallets: carryWallets(file, ledger),
    accepts,
    defaults: Object.keys(defaults).length > 0 ? defaults : undefined,
    facilitator: carrySettlement(file, ledger),
    stores: carryStores(file, ledger),
    upstreams,
    routes: carryRoutes(file, around),
    hooks,
  });
  await settle(config, ledger);
  ledger.close(file);
  const head = ["Carried over from a configuration of the original Tollbooth: docs/migration.md."];
  return { draft: { head, imports: functions.imports, config, comments: new Map() }, ledger };
}

/** Takes out, one by one, what the gateway would not take, and says so. @throws CommandError when nothing is left */
async function settle(config: Fields, ledger: Ledger): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const [fault] = await faultsOf(config);
    if (!fault) return;
    const routes = Object.keys(fieldsOf(config.routes)).map((key) => `routes.${key}`);
    const path = strike(config, goneWith(fault.path, config));
    if (path === undefined || NEEDED.includes(path)) {
      throw new CommandError(
        `The file cannot be carried over: ${fault.path} ${fault.message}${fault.fix ? ` (${fault.fix})` : ""}.`,
      );
    }
    say(path, fault, routes.includes(path), ledger);
    prune(config, path);
  }
}

/**
 * What must go where a field cannot stay. A route without its own price would be sold at another one, one without its
 * receiver would pay somebody else, and a rule without one of its conditions would fit more calls.
 */
function goneWith(path: string, config: Fields): string {
  const key = Object.keys(fieldsOf(config.routes))
    .filter((one) => path.startsWith(`routes.${one}.`))
    .sort((a, b) => b.length - a.length)[0];
  if (key === undefined) return path;
  const rest = path.slice(`routes.${key}.`.length);
  const rule = /^(match\[\d+\])\.where\../.exec(rest)?.[1];
  const rules = listOf(fieldsOf(fieldsOf(config.routes)[key]).match);
  // A condition that cannot be was never met there either.
  if (rule !== undefined && rules.length > 1) return `routes.${key}.${rule}`;
  return /^(?:price|fallback|match|models|type|pricing|payTo)\b/.test(rest) ? `routes.${key}` : path;
}

function say(path: string, fault: Fault, isRoute: boolean, ledger: Ledger): void {
  const known = reasonFor(path);
  if (known) {
    ledger.note(path, known.level, known.what, known.todo);
    return;
  }
  if (isRoute) {
    const at = fault.path.slice(path.length + 1);
    const what = `the route is left out${at === "" ? "" : `, because of its ${at}`}: ${fault.message}`;
    ledger.note(path, "money", what, fault.fix);
    return;
  }
  const level = /match|price/.test(path) ? "money" : "lost";
  ledger.note(path, level, fault.message, fault.fix);
}

/** An object that held nothing else is not left behind. */
function prune(config: Fields, path: string): void {
  const above = path.replace(/(?:\.[^.[\]]*|\[\d+\])$/, "");
  if (above === path || NEEDED.includes(above)) return;
  const holder = above.split(".").reduce<unknown>((value, key) => fieldsOf(value)[key], config);
  if (typeof holder === "object" && holder !== null && Object.keys(holder).length === 0) {
    strike(config, above);
    prune(config, above);
  }
}

/** `${ NAME }` as `${NAME}`; names that no platform takes become ones that it does. */
function plainReferences(value: unknown): unknown {
  if (typeof value === "string") {
    return value.replace(/\$\{([^}]+)\}/g, (_, inner: string) => {
      const name = inner.trim();
      const isPart = name.startsWith("params.") || name.startsWith("query.");
      return `\${${isPart ? name : name.replace(/\W/g, "_")}}`;
    });
  }
  if (Array.isArray(value)) return value.map(plainReferences);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainReferences(inner)]));
}

/** The variables that a value names. */
export function referencesIn(value: unknown): string[] {
  const text = JSON.stringify(value) ?? "";
  return [...new Set([...text.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map(([, name = ""]) => name))];
}
