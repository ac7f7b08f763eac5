/**
 * Isolates as the gateway runs them, around one payment: each claims, settles, hands out, and may die at any step. The
 * network loses, repeats and delays what they write. The chain moves the money at most once.
 *
 * A `Story` is driven by random steps and answered by the model; what it wrote down is then played to the real scripts.
 */
import { type Ask, type ChangeAsk, LEASE_MS, RecordModel, type Reply } from "./record-model.ts";

/** What became of a message: it arrives; it never does; it arrives and is repeated; it arrives and once more, late. */
export type Fate = "arrives" | "lost" | "repeated" | "echoes";

export type Step =
  | { do: "present"; fp: "a" | "b"; inTime: boolean; fate: Fate; repeats: boolean }
  | { do: "act"; who: number; choice: number; fate: Fate }
  | { do: "late"; which: number }
  | { do: "wait"; ms: number };

/** A message that reached the store; `heard` when its sender was there to read the reply. */
export type Sent = { ask: Ask; at: number; heard: boolean };

/** `paid`: with the receipt in hand. `doubt`: somebody before may have settled, or may yet. */
type Isolate = { owner: string; phase: "unpaid" | "doubt" | "paid" | "gone"; receipt: string };
type Choice = (story: Story, isolate: Isolate, fate: Fate) => void;

const START = 1_790_000_000_000;

const UNPAID: Choice[] = [
  // Settled, and the client was told; settled, and the isolate died before it wrote anything.
  (story, isolate, fate) => story.settle(isolate, fate),
  (story, isolate, fate) => story.settle(isolate, fate),
  (story, isolate) => story.pay(isolate) && story.die(isolate),
  (story, isolate, fate) => story.close(isolate, "unknown", fate, story.pay(isolate)),
  (story, isolate, fate) => story.close(isolate, "unknown", fate),
  (story, isolate, fate) => story.fail(isolate, fate),
  (story, isolate, fate) => story.close(isolate, "abandoned", fate),
  (story, isolate, fate) => story.write(isolate, "renewed", fate),
  (story, isolate) => story.die(isolate),
];

const DOUBT: Choice[] = [
  (story, isolate, fate) => story.learn(isolate, fate),
  (story, isolate, fate) => story.learn(isolate, fate),
  ...UNPAID,
];

const PAID: Choice[] = [
  (story, isolate, fate) => story.close(isolate, "delivered", fate),
  (story, isolate, fate) => story.close(isolate, "abandoned", fate),
  (story, isolate, fate) => story.close(isolate, "broken", fate),
  (story, isolate, fate) => story.write(isolate, "renewed", fate),
  (story, isolate) => story.die(isolate),
];

export class Story {
  readonly sent: Sent[] = [];
  readonly expected: Reply[] = [];
  readonly model = new RecordModel();
  /** The transaction that moved the money, and after how many messages. */
  moved: { receipt: string; after: number } | undefined;
  /** The authorization can no longer be spent. */
  private dead = false;
  private now = START;
  private readonly isolates: Isolate[] = [];
  private readonly delayed: Ask[] = [];

  take(step: Step): void {
    if (step.do === "wait") this.now += step.ms;
    if (step.do === "present") this.present(step);
    if (step.do === "late") this.arriveLate(step.which);
    if (step.do === "act") {
      const alive = this.isolates.filter(({ phase }) => phase !== "gone");
      const isolate = alive[step.who % Math.max(1, alive.length)];
      const choices = isolate ? { unpaid: UNPAID, doubt: DOUBT, paid: PAID, gone: [] }[isolate.phase] : [];
      if (isolate) choices[step.choice % choices.length]?.(this, isolate, step.fate);
    }
  }

  /** The chain takes an authorization once. */
  pay(isolate: Isolate): boolean {
    if (this.moved || this.dead) return false;
    isolate.receipt = `"tx of ${isolate.owner}"`;
    this.moved = { receipt: isolate.receipt, after: this.sent.length };
    return true;
  }

  settle(isolate: Isolate, fate: Fate): void {
    if (!this.pay(isolate)) return;
    isolate.phase = "paid";
    this.write(isolate, "settled", fate);
  }

  /** The chain is asked: it was paid, by whomever. */
  learn(isolate: Isolate, fate: Fate): void {
    if (!this.moved) return;
    Object.assign(isolate, { phase: "paid", receipt: this.moved.receipt });
    this.write(isolate, "settled", fate);
  }

  /** It certainly was not paid, and will not be. */
  fail(isolate: Isolate, fate: Fate): void {
    if (this.moved) return;
    this.dead = true;
    this.close(isolate, "failed", fate);
  }

  /** `inDoubt`: the money moved, but this isolate does not know. */
  close(isolate: Isolate, to: ChangeAsk["to"], fate: Fate, inDoubt = false): void {
    if (inDoubt) isolate.receipt = "";
    this.write(isolate, to, fate);
    this.die(isolate);
  }

  die(isolate: Isolate): void {
    isolate.phase = "gone";
  }

  write({ owner, receipt }: Isolate, to: ChangeAsk["to"], fate: Fate): void {
    this.send({ ask: "change", owner, to, receipt }, fate, true);
  }

  private present({ fp, inTime, fate, repeats }: Extract<Step, { do: "present" }>): void {
    const owner = `isolate-${this.isolates.length}`;
    const ask: Ask = { ask: "claim", owner, fp, create: inTime };
    const isolate: Isolate = { owner, phase: "gone", receipt: "" };
    this.isolates.push(isolate);
    // A claim whose reply is lost is asked again, or given back unheard.
    const unheard = fate !== "arrives";
    let reply = this.send(ask, fate === "repeated" ? "arrives" : fate, !unheard);
    if (unheard && repeats) reply = this.send(ask, "arrives", true);
    else if (unheard) {
      this.write(isolate, "abandoned", "arrives");
      return;
    }
    const [kind, receipt] = reply ?? [];
    if (kind === "claimed") isolate.phase = "unpaid";
    if (kind === "doubt") isolate.phase = "doubt";
    if (kind === "paid") Object.assign(isolate, { phase: "paid", receipt });
  }

  private send(ask: Ask, fate: Fate, heard: boolean): Reply | undefined {
    if (fate === "echoes") this.delayed.push(ask);
    if (fate === "lost") return undefined;
    const reply = this.arrive(ask, heard);
    return fate === "repeated" ? this.arrive(ask, heard) : reply;
  }

  private arriveLate(which: number): void {
    const [ask] = this.delayed.splice(which % Math.max(1, this.delayed.length), 1);
    if (ask) this.arrive(ask, false);
  }

  private arrive(ask: Ask, heard: boolean): Reply {
    const reply = this.model.answer(ask, this.now);
    this.sent.push({ ask, at: this.now, heard });
    this.expected.push(reply);
    return reply;
  }
}

/** Waits worth taking: within a lease, to its very end, beyond it. */
export const WAITS_MS = [1, LEASE_MS / 2, LEASE_MS - 1, LEASE_MS, LEASE_MS + 1, 3 * LEASE_MS];
