/** What is asked of every request before anybody looks at what it wants: the compiled settings. */

import type { IpRange } from "./ip.ts";

/** The longest request that is looked at. */
export type RequestLimits = {
  /** Characters of the URL as it was asked for, with scheme and host. */
  urlLength: number;
  /** Header fields; those of one name count once. */
  headerCount: number;
  /** Bytes of all names and values, and four for each field. */
  headerBytes: number;
};

/** Which pages of other origins may read answers (Fetch standard, 3.2). */
export type Cors = {
  /** Origins, some with a `*` in the place of the first labels of the host; undefined is any, and then without cookies. */
  origins: string[] | undefined;
  methods: string[];
  /** Beside those of x402; undefined allows whatever is asked for. */
  headers: string[] | undefined;
  /** Beside those of x402. */
  exposed: string[];
  credentials: boolean;
  /** How long a browser may remember a preflight's answer, seconds. */
  maxAge: number;
};

/** Which proxies in front of the gateway are believed. */
export type ProxyTrust = {
  /** How many, counted from the gateway; Infinity for any number. */
  hops: number;
  /** Where they are; undefined is anywhere. */
  ranges: IpRange[] | undefined;
  /** The field they write addresses to; the other one is not read. */
  header: "x-forwarded-for" | "forwarded";
  /** Whether they say as well which host was asked for. */
  host: boolean;
};
