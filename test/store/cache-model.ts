/** Kept answers as `core/kept.ts` tells them, in memory: what the scripts are compared with. Not written from the Lua. */
import { sha1 } from "./record-scripts.ts";

/** Name and value of a request's headers. */
export type Headers = readonly (readonly [string, string])[];
export type Ask =
  | { ask: "look"; owner: string; leaseMs: number; anew: boolean; headers: Headers }
  | {
      ask: "keep";
      owner: string;
      headers: Headers;
      since: number;
      freshMs: number;
      keepMs: number;
      version: string;
      /** Undefined keeps the body that is there under `was`. */
      body: string | undefined;
      was: string;
      vary: string[];
      tags: string[];
    }
  | { ask: "lease"; owner: string; headers: Headers; leaseMs: number; aloneMs: number }
  | { ask: "purge" }
  | { ask: "purgeTag"; tag: string }
  | { ask: "body"; headers: Headers; version: string };
/** Of a look: variant, turn, ms that are left, version and body of what was found. */
export type Reply = readonly string[] | string | undefined;

export type KeptAnswer = {
  since: number;
  fresh: number;
  until: number;
  version: string;
  tags: string[];
  body: string;
};
type Lease = { owner: string; until: number; since: number };

export const EVERYTHING = "*";

export class CacheModel {
  readonly answers = new Map<string, KeptAnswer>();
  readonly tags = new Map<string, number>();
  purged = Number.NEGATIVE_INFINITY;
  names: string[] = [];
  private readonly leases = new Map<string, Lease>();
  private readonly alone = new Map<string, number>();

  answer(ask: Ask, now: number): Reply {
    switch (ask.ask) {
      case "look":
        return this.look(ask, now);
      case "keep":
        return this.keep(ask, now) ? "1" : "0";
      case "lease":
        return this.lease(ask, now);
      case "purge":
        for (const all of [this.answers, this.leases, this.alone]) all.clear();
        this.names = [];
        this.purged = now;
        return undefined;
      case "purgeTag":
        this.tags.set(ask.tag, now);
        return undefined;
      case "body": {
        const it = this.answers.get(this.variantOf(ask.headers));
        return it?.version === ask.version ? it.body : undefined;
      }
    }
  }

  variantOf(headers: Headers): string {
    const given = new Map(headers);
    const parts = this.names.map((name) => {
      const value = given.get(name);
      return value === undefined ? `${name}-` : `${name}=${Buffer.byteLength(value)}:${value}`;
    });
    return sha1(parts.join("\n"));
  }

  private purgedSince(since: number, tags: string[]): boolean {
    return this.purged >= since || tags.some((tag) => (this.tags.get(tag) ?? Number.NaN) >= since);
  }

  private look({ owner, leaseMs, anew, headers }: Extract<Ask, { ask: "look" }>, now: number): Reply {
    const variant = this.variantOf(headers);
    const kept = this.answers.get(variant);
    const it = kept && kept.until > now && !this.purgedSince(kept.since, kept.tags) ? kept : undefined;
    const reply = (turn: string, left = "") => [variant, turn, left, it?.version ?? "", it?.body ?? ""];
    if (it && it.fresh > now && !anew) return reply("none");
    const sharesNothing = it !== undefined && it.fresh <= it.since;
    if (leaseMs === 0 || sharesNothing || (this.alone.get(variant) ?? 0) > now) return reply("alone");
    const lease = this.leases.get(variant);
    if (lease && lease.owner !== owner && lease.until > now && !this.purgedSince(lease.since, [EVERYTHING]))
      return reply("follow", String(lease.until - now));
    this.leases.set(variant, { owner, until: now + leaseMs, since: now });
    return reply("lead");
  }

  private keep(ask: Extract<Ask, { ask: "keep" }>, now: number): boolean {
    const { owner, headers, since, freshMs, keepMs, version, body, was, vary, tags } = ask;
    const led = this.variantOf(headers);
    if (this.leases.get(led)?.owner === owner) this.leases.delete(led);
    if (since + keepMs <= now || this.purgedSince(since, tags)) return false;
    const names = [...new Set([...this.names, ...vary])];
    for (const [other, { until }] of this.answers) {
      if (names.length === this.names.length && until > now) continue;
      this.answers.delete(other);
      this.alone.delete(other);
    }
    for (const [other, { until }] of this.leases) if (until <= now) this.leases.delete(other);
    this.names = names;
    const variant = this.variantOf(headers);
    const there = this.answers.get(variant);
    if (there && there.since > since) return false;
    if (body === undefined && there?.version !== was) return false;
    // The body was asked for earlier: what was purged since then is gone, whatever is said of it now.
    if (body === undefined && there && this.purgedSince(there.since, there.tags)) return false;
    const kept = body ?? there?.body ?? "";
    const lasts = { since, fresh: since + freshMs, until: since + keepMs };
    this.answers.set(variant, { ...lasts, version, tags, body: kept });
    this.alone.delete(variant);
    return true;
  }

  private lease(ask: Extract<Ask, { ask: "lease" }>, now: number): Reply {
    const variant = this.variantOf(ask.headers);
    const it = this.leases.get(variant);
    if (it?.owner !== ask.owner) return "0";
    if (ask.leaseMs > 0) {
      it.until = now + ask.leaseMs;
      return "1";
    }
    if (ask.aloneMs > 0) this.alone.set(variant, now + ask.aloneMs);
    this.leases.delete(variant);
    return "1";
  }
}
