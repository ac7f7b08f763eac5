/** Payments signed in advance: every paid call of a load needs one of its own, and signing must not be part of it. */
import { writeFile } from "node:fs/promises";
import { decode, type Requirements, sign } from "../test/fixtures/sign.ts";

/** Payments for one route. Each leaves the pool once. */
export class PaymentPool {
  readonly #requirements: Requirements;
  #payments: string[] = [];

  private constructor(requirements: Requirements) {
    this.#requirements = requirements;
  }

  /** A pool for what the 402 at this address asks; empty. */
  static async open(url: string): Promise<PaymentPool> {
    const response = await fetch(url);
    await response.arrayBuffer();
    const { accepts } = decode(response.headers.get("payment-required")) as { accepts: [Requirements] };
    return new PaymentPool(accepts[0]);
  }

  /** Signs until there are that many. */
  async fill(count: number): Promise<void> {
    while (this.#payments.length < count) this.#payments.push(await sign(this.#requirements));
  }

  /** Takes one. */
  async next(): Promise<string> {
    await this.fill(1);
    return this.#payments.shift() ?? "";
  }

  /** Writes the first `count`, one a line; `drop` says later how many of them were used. */
  async write(path: string, count: number): Promise<void> {
    await this.fill(count);
    await writeFile(path, `${this.#payments.slice(0, count).join("\n")}\n`);
  }

  /** Takes out the first ones. */
  drop(count: number): void {
    this.#payments = this.#payments.slice(count);
  }
}
