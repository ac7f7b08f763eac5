/**
 * What a facilitator says that it supports (x402 v2 spec, section 7.3), asked only where requirements need an account of
 * its own: `upto` names who may settle, Solana who pays the fees. What it said is kept in this isolate's memory, by value,
 * to be quick; it is not the truth: an account that a client names and memory does not is asked about.
 */
import * as z from "zod/mini";
import { isSolanaAddress } from "../core/base58.ts";
import type { FacilitatorMap } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock, Emit } from "../core/events.ts";
import { coversNetwork, isSolana } from "../core/networks.ts";
import type { Kinds } from "../core/ports.ts";
import { facilitatorField, withFacilitator } from "../core/terms.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import { ask } from "./ask.ts";

/** How long an answer counts, ms. */
const FRESH_MS = 10 * 60_000;
/** How much longer one counts that could not be had anew, ms. */
const STALE_MS = 30_000;
/** How long it is not asked again after it did not answer, ms; and in that time no more often than so, whatever clients name. */
const PAUSE_MS = 2_000;
const MAX_ASKED = 5;
/** Longest wait: unpaid calls wait for it too, ms. */
const PATIENCE_MS = 5_000;

const text = z.string().check(z.maxLength(256));
const Supported = z.object({
  kinds: z
    .array(
      z.object({
        x402Version: z.number(),
        scheme: text,
        network: text,
        extra: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
      }),
    )
    .check(z.maxLength(500)),
  /** CAIP-2 pattern (`eip155:*`) → all accounts it settles with; `kinds` may name any one of them. */
  signers: z.optional(z.record(z.string(), z.array(text))),
});
type Supported = z.infer<typeof Supported>;

type Memory = {
  said: Supported | undefined;
  /** Until when that counts, ms since 1970. */
  until: number;
  /** When it was asked, lately. */
  asked: number[];
};

/** Makes the port. */
export function httpKinds(
  { default: fallback, chains, timeoutMs }: FacilitatorMap,
  emit: Emit,
  clock: Clock,
): Kinds {
  const memories = new Map<string, Memory>();
  const urlOf = (network: string) => `${chains[network] ?? fallback}/supported`;

  /** What it says; what it said before while it does not answer. `anew`: memory was no help. */
  async function hear(url: string, anew: boolean): Promise<Supported | undefined> {
    const memory = memories.get(url) ?? { said: undefined, until: 0, asked: [] };
    memories.set(url, memory);
    const now = clock();
    memory.asked = memory.asked.filter((at) => at > now - PAUSE_MS);
    const counts = now < memory.until && !(anew && memory.said);
    if (counts || memory.asked.length >= MAX_ASKED) return memory.said;
    memory.asked.push(now);
    const said = await ask(url, Math.min(timeoutMs, PATIENCE_MS))
      .then(({ body }) => Supported.parse(body))
      .catch((error: unknown) => {
        emit({ event: "facilitator_supported_failed", level: "error", error: String(error).slice(0, 200) });
        return undefined;
      });
    memory.said = said ?? memory.said;
    memory.until = clock() + (said ? FRESH_MS : memory.said ? STALE_MS : PAUSE_MS);
    return memory.said;
  }

  async function complete(accepts: PaymentRequirements[]): Promise<PaymentRequirements[]> {
    if (!accepts.some(facilitatorField)) return accepts;
    const urls = new Set(accepts.filter(facilitatorField).map(({ network }) => urlOf(network)));
    const said = new Map(
      await Promise.all([...urls].map(async (url) => [url, await hear(url, false)] as const)),
    );
    const completed = accepts.flatMap((one) => {
      if (!facilitatorField(one)) return [one];
      const [account] = accountsFor(one, said.get(urlOf(one.network)));
      return account === undefined ? [] : [withFacilitator(one, account)];
    });
    if (completed.length > 0) return completed;
    throw new GatewayError("facilitator_unavailable", {
      headers: { "retry-after": "2" },
      cause: "no facilitator says that it supports what the route accepts",
    });
  }

  async function names(requirements: PaymentRequirements): Promise<boolean> {
    const field = facilitatorField(requirements);
    const account = field && requirements.extra?.[field];
    if (typeof account !== "string") return false;
    const url = urlOf(requirements.network);
    const known = async (anew: boolean) => accountsFor(requirements, await hear(url, anew)).includes(account);
    return (await known(false)) || known(true);
  }

  return { complete, names };
}

/** Its accounts for such requirements: the one it names for them, then all that it signs with there. */
function accountsFor(requirements: PaymentRequirements, said: Supported | undefined): string[] {
  const { scheme, network } = requirements;
  const field = facilitatorField(requirements) ?? "";
  const covers = (name: string) => coversNetwork(name, network);
  const isAccount = isSolana(network) ? isSolanaAddress : (text: string) => /^0x[0-9a-fA-F]{40}$/.test(text);
  const kinds = said?.kinds.filter(
    (kind) => kind.x402Version === 2 && kind.scheme === scheme && covers(kind.network),
  );
  const named = kinds?.map(({ extra }) => extra?.[field]) ?? [];
  if (named.length === 0) return [];
  const signers = Object.entries(said?.signers ?? {}).flatMap(([name, accounts]) =>
    covers(name) ? accounts : [],
  );
  return [...named, ...signers].filter((one): one is string => typeof one === "string" && isAccount(one));
}
