/**
 * What must hold of every history, whatever the model says: read from the real replies and the real record alone.
 * Each broken guarantee is a sentence; an empty list is a good history.
 */
import type { Sent } from "./record-isolates.ts";
import { type ChangeAsk, type ClaimAsk, LEASE_MS, type Reply } from "./record-model.ts";

type Grant = { owner: string; until: number };

export class Witness {
  readonly broken: string[] = [];
  /** Who may settle, or did. */
  private settler: string | undefined;
  private fp: string | undefined;
  private live: Grant | undefined;
  private receipt: string | undefined;
  /** Receipts that anybody brought, those of owners that had lost their claim included. */
  private readonly offered = new Set<string>();
  private done = false;
  /** A settlement was begun and not seen to end. */
  private begun = false;

  see({ ask, at, heard }: Sent, reply: Reply, moneyMoved: boolean): void {
    if (ask.ask === "change") this.seeChange(ask, at, reply === "1");
    else if (Array.isArray(reply)) this.seeClaim(ask, at, reply, heard, moneyMoved);
  }

  /** The record as it was found at the end. */
  close(left: Record<string, string>): void {
    if (left.state === "settled")
      this.must(this.offered.has(left.receipt ?? ""), "a receipt came from nowhere");
    if (this.receipt === undefined) return;
    this.must(left.state === "settled", `a settled record ended as ${left.state ?? "nothing"}`);
    this.must(left.receipt === this.receipt, "a settled record lost its receipt");
    this.must(!this.done || left.done === "1", "a delivered record forgot that it was");
  }

  private seeClaim(
    ask: ClaimAsk,
    at: number,
    [kind, detail]: string[],
    heard: boolean,
    moved: boolean,
  ): void {
    if (kind === "claimed") {
      this.must(
        this.settler === undefined || this.settler === ask.owner,
        "two were given the right to settle",
      );
      this.must(!moved || !heard, "a payment that had moved money was given out to be settled again");
      this.settler = ask.owner;
      this.fp = ask.fp;
    }
    if (kind === "claimed" || kind === "paid" || kind === "doubt") this.grant(ask.owner, at);
    if (kind === "doubt") this.begun = true;
    if (kind === "paid") {
      this.must(this.offered.has(detail ?? ""), "something was called paid that nobody had settled");
      this.must(!this.done || !heard, "an answer was given out again after it had been delivered");
    }
    if (kind === "paid" || kind === "used") {
      this.receipt ??= detail;
      this.must(detail === this.receipt, "the receipt changed");
    }
    if (["claimed", "paid", "doubt", "used", "failed"].includes(kind ?? ""))
      this.must(ask.fp === this.fp, `another call was answered ${kind}`);
  }

  private seeChange({ owner, to, receipt }: ChangeAsk, at: number, written: boolean): void {
    const superseded = this.live !== undefined && this.live.owner !== owner;
    this.must(!superseded || !written, "an owner that had lost its claim could write");
    if (receipt !== "") this.offered.add(receipt);
    if (!written) return;
    // With two on offer, which one was taken shows when it is told.
    if (receipt !== "" && this.offered.size === 1) this.receipt ??= receipt;
    if (to === "renewed" || to === "settled") this.live = { owner, until: at + LEASE_MS };
    else if (this.live?.owner === owner) this.live.until = 0;
    if (to === "delivered") this.done = true;
    this.begun ||= to === "unknown" || to === "failed";
    const givenBack = (to === "abandoned" || to === "broken") && this.receipt === undefined && !this.begun;
    if (givenBack) {
      this.settler = undefined;
      this.fp = undefined;
      this.live = undefined;
    }
  }

  private grant(owner: string, at: number): void {
    const other = this.live && this.live.owner !== owner && this.live.until > at;
    this.must(!other, "two owners were alive at once");
    if (this.live?.owner !== owner || this.live.until <= at) this.live = { owner, until: at + LEASE_MS };
  }

  private must(holds: boolean, otherwise: string): void {
    if (!holds) this.broken.push(otherwise);
  }
}
