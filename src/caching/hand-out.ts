/** A kept answer goes out. */
import type { Answer } from "../core/answer.ts";
import type { Kept } from "../core/kept.ts";
import { isNotModified, notModified } from "./conditional.ts";
import { responseOf } from "./entry.ts";
import type { Found, Seeking, Storing } from "./look.ts";
import type { Judgement } from "./rules.ts";
import { type Told, tell } from "./status.ts";

/** The answer, and whether it ought to be asked for anew; undefined when its body has gone meanwhile. */
export async function handOut(
  { seeking, reply, kept }: Found,
  collapsed: boolean,
  storing: Storing,
): Promise<{ answer: Answer; stale: boolean } | undefined> {
  if (!kept) return undefined;
  const { kind, ttl } = kept.judgement;
  const body = await bodyOf(seeking, reply.variant, kept.answer, storing);
  if (body === undefined) return undefined;
  const told: Told = { word: kind === "stale" ? "STALE" : "HIT", ttl };
  const waited: Partial<Told> = collapsed ? { collapsed, fwd: "uri-miss" } : {};
  return { answer: answerOf(seeking, { ...kept, body }, { ...told, ...waited }), stale: kind === "stale" };
}

/** A kept answer to this very request: its own 304, if the client has it already. */
export function answerOf(
  { call }: Pick<Seeking, "call">,
  { answer, body, judgement }: { answer: Kept; body: string; judgement: Pick<Judgement, "age"> },
  told: Told,
): Answer {
  const isHead = call.request.method === "HEAD";
  const response = responseOf(answer, body, { age: judgement.age, isHead });
  tell(response.headers, told);
  const known = isNotModified(call, response);
  return { response: known ? notModified(response) : response, stop: () => undefined };
}

/** The body of a kept answer: as it came, from beside the isolate, or asked for by itself. */
export async function bodyOf(
  { call, lookup }: Pick<Seeking, "call" | "lookup">,
  variant: string,
  { body, version }: Kept,
  { store }: Storing,
): Promise<string | undefined> {
  if (body !== undefined || call.request.method === "HEAD") return body ?? "";
  const near = await call.colo?.get(version).catch(() => undefined);
  if (near !== undefined) return near;
  const far = await store.body(lookup.key, variant, version).catch(() => undefined);
  if (far !== undefined && call.colo) call.waitUntil(call.colo.put(version, far).catch(() => undefined));
  return far;
}
