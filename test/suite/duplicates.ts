import { expect, it } from "vitest";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** One payment, many presenters. */
export function duplicateTests(world: () => World): void {
  it.each(["/weather", "/late/weather"])(
    "fifty identical payments at once on %s run the upstream once",
    async (path) => {
      const { quote, present, facilitator, upstream } = world();
      const payment = await sign(await quote(path));
      // A facilitator that says yes to every repetition must not make a difference.
      facilitator.on.settle = ({ paymentPayload }) => {
        const { from, nonce } = paymentPayload.payload.authorization;
        return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
      };
      const answers = await Promise.all(Array.from({ length: 50 }, () => present(path, payment)));
      const codes = await Promise.all(answers.map(codeOf));
      expect(codes.filter((code) => code === "200")).toHaveLength(1);
      expect(
        codes.filter((code) => code !== "200" && !/^payment_(in_progress|already_used)$/.test(code)),
      ).toEqual([]);
      expect([upstream.requests.length, facilitator.counts.settle]).toEqual([1, 1]);
    },
  );

  it("a payment for one route does not buy another with equal terms", async () => {
    const { quote, present, upstream, facilitator } = world();
    const payment = await sign(await quote("/weather"));
    expect((await present("/weather", payment)).status).toBe(200);
    const other = await present("/twin", payment);
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ code: "payment_conflict" });
    const otherQuery = await present("/weather?city=x", payment);
    expect(otherQuery.status).toBe(409);
    expect([upstream.requests.length, facilitator.counts.settle]).toEqual([1, 1]);
  });

  it("a busy payment is told when to come back", async () => {
    const { quote, present, facilitator } = world();
    facilitator.on.settle = () => "hang";
    const payment = await sign(await quote("/weather"));
    const first = present("/weather", payment);
    await expect.poll(() => facilitator.counts.settle).toBe(1);
    const second = await present("/weather", payment);
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ code: "payment_in_progress" });
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    await first;
  });
}

async function codeOf(answer: Response): Promise<string> {
  const { code } = (await answer.json()) as { code?: string };
  return code ?? String(answer.status);
}
