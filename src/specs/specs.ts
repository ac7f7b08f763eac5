/**
 * Upstreams' descriptions that are fetched. They are shared: one instance of all fetches, the store keeps, and the others
 * ask the store. No call waits for a fetch; only one that no route is known for waits, once, for the store. What was seen
 * once is good until there is something newer: a fetch that fails changes nothing, and neither does a description that
 * cannot be used.
 */
import type { Clock, Emit } from "../core/events.ts";
import { hash } from "../core/hash.ts";
import type { SpecStore, Specs } from "../core/specs.ts";
import { fetchText } from "./fetch.ts";

/** How often an instance asks the store for something newer, ms; and at most, while it knows nothing. */
const REFRESH_MS = 60_000;
const MISSING_MS = 1000;

/** What it takes. */
export type SpecsOptions = {
  urls: string[];
  store: SpecStore;
  /** Why a description cannot be used; undefined when it can. */
  check: (document: unknown) => string | undefined;
  emit: Emit;
  clock: Clock;
};

/** Makes the room; it knows nothing yet. */
export function makeSpecs({ urls, store, check, emit, clock }: SpecsOptions): Specs {
  const seen = new Map<string, { version: string; document: unknown }>();
  let revision = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const isMissing = () => seen.size < urls.length;
  const isTime = () => clock() - lookedAt >= (isMissing() ? MISSING_MS : REFRESH_MS);

  function take(url: string, version: string, document: unknown): void {
    if (seen.get(url)?.version === version) return;
    seen.set(url, { version, document });
    revision++;
  }

  async function renew(url: string): Promise<void> {
    const { origin, pathname } = new URL(url);
    try {
      const text = await fetchText(url);
      const document: unknown = JSON.parse(text);
      const problem = check(document);
      if (problem !== undefined) throw new Error(`it ${problem}`);
      const version = await hash(text);
      take(url, version, document);
      await store.keep(url, version, JSON.stringify(document));
    } catch (error) {
      emit({ event: "openapi_failed", level: "warn", url: origin + pathname, error: String(error) });
    }
  }

  async function look(waitUntil: (work: Promise<unknown>) => void): Promise<void> {
    if (!isTime()) return;
    // Where nothing is known yet, every call that is under way has to ask by itself: none may wait for another's answer.
    if (!isMissing()) lookedAt = clock();
    const kept = await store.look(urls.map((url) => ({ url, known: seen.get(url)?.version ?? "" })));
    for (const [i, { version, text, isDue }] of kept.entries()) {
      const url = urls[i] ?? "";
      if (text !== undefined) take(url, version, JSON.parse(text));
      if (isDue) waitUntil(renew(url));
    }
    lookedAt = clock();
  }

  return {
    revision: () => revision,
    known: () => Object.fromEntries([...seen].map(([url, { document }]) => [url, document])),
    isMissing,
    look,
    refresh(waitUntil) {
      if (isTime()) waitUntil(look(waitUntil).catch(() => undefined));
    },
  };
}
