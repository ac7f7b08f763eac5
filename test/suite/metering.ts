import { describe, expect, it } from "vitest";
import { type PermitTampering, payWithPermit } from "../fixtures/permit.ts";
import { decode } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const UNITS = "/metered/units";

/** Calls that are charged by what they used. */
export function meteringTests(world: () => World): void {
  const signed = async (path: string, init: RequestInit = {}, tampering?: PermitTampering) =>
    payWithPermit(await world().quote(path, init), tampering);
  const pay = async (path: string, init: RequestInit = {}) =>
    world().present(path, await signed(path, init), init);
  const charged = () => world().facilitator.asked.settle?.paymentRequirements.amount;

  describe("the upstream's own count", () => {
    it.each(["GET", "HEAD", "DELETE"])("%s: is charged, and the client does not see it", async (method) => {
      const answer = await pay(UNITS, { method });
      expect([answer.status, answer.headers.get("x-usage-units")]).toEqual([200, null]);
      expect(decode(answer.headers.get("payment-response"))).toMatchObject({ success: true, amount: "1000" });
      expect(charged()).toBe("1000");
    });

    it.each([401, 404, 503])("is not seen on an answer of %d either", async (status) => {
      const answer = await pay(`${UNITS}?status=${status}`);
      expect([answer.status, answer.headers.get("x-usage-units")]).toEqual([status, null]);
      expect(world().facilitator.counts.settle).toBe(status === 404 ? 1 : 0);
    });
  });
}
