/** What the fault tests have in common: an impatient gateway, and payers who come back. */
import { expect, vi } from "vitest";
import type { Lab, Seen } from "../lab/lab.ts";
import { ANSWER } from "../lab/stalling-upstream.ts";

// Several waits for a gateway that gives up, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

/** Seconds until the gateway gives somebody up: long for what works, short to wait for what does not. */
export const IMPATIENT = { TIMEOUT: "2" };
const WAIT = { timeout: 20_000, interval: 100 };

/** An answer that was bought. */
export const SERVED = { status: 200, whole: true, text: ANSWER, receipt: { success: true } };
/** The record of one that was bought and had. */
export const HAD = { state: "settled", done: "1" };

/** Waits until the payment's record is like this; `{}` means that there is none. */
export async function recordBecomes(lab: Lab, payment: string, record: Record<string, unknown>) {
  const found = expect.poll(() => lab.store.record(payment), WAIT);
  await (Object.keys(record).length === 0 ? found.toEqual({}) : found.toMatchObject(record));
}

/** Presents the payment until the answer is like this, while the leases of those who gave up run out. */
export async function comesBack(lab: Lab, path: string, payment: string, answer: object): Promise<void> {
  const story: string[] = [];
  const present = async (): Promise<Seen> => {
    await lab.store.passLease(payment);
    const seen = await lab.present(path, payment);
    story.push(`${seen.status} ${seen.code ?? (seen.whole ? "whole" : "cut")}`);
    return seen;
  };
  await expect
    .poll(present, WAIT)
    .toMatchObject(answer)
    .catch((error: unknown) => {
      // The last answer alone does not tell which one went wrong.
      throw new Error(`the payer saw: ${story.slice(0, 20).join(", ")}`, { cause: error });
    });
}
