import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** How far a call has come when its client leaves: the upstream has it, it has sent a first part, or only its headers. */
type When = "before the answer" | "in the middle of the answer" | "before the first byte of the body";
/** What the payment is then: never charged, charged and collectable, or used. */
type Left = "free" | "unpaid" | "owed" | "used";

const EVENTS = "events?count=0&interval=20";
const MATRIX: [method: string, path: string, when: When, left: Left][] = [
  ["GET", "/free/hang", "before the answer", "free"],
  ["GET", "/hang", "before the answer", "owed"],
  ["GET", "/late/hang", "before the answer", "unpaid"],
  ["POST", "/free/hang", "before the answer", "free"],
  ["POST", "/hang", "before the answer", "owed"],
  ["POST", "/late/hang", "before the answer", "unpaid"],
  ["GET", "/free/stall", "before the first byte of the body", "free"],
  ["GET", "/stall", "before the first byte of the body", "owed"],
  ["GET", "/late/stall", "before the first byte of the body", "owed"],
  ["GET", `/free/${EVENTS}`, "in the middle of the answer", "free"],
  ["GET", `/${EVENTS}`, "in the middle of the answer", "used"],
  ["GET", `/late/${EVENTS}`, "in the middle of the answer", "used"],
  ["GET", `/kept/${EVENTS}`, "in the middle of the answer", "used"],
  ["POST", "/free/echo", "in the middle of the answer", "free"],
  ["POST", "/echo", "in the middle of the answer", "used"],
  ["POST", "/late/echo", "in the middle of the answer", "used"],
];

/** A client that leaves takes its upstream with it, wherever the call is; and what becomes of its payment. */
export function leavingTests(world: () => World): void {
  const start = (method: string, path: string, payment: string | undefined) => {
    const headers: Record<string, string> = payment === undefined ? {} : { "payment-signature": payment };
    const outgoing = request(world().gateway.url + path, { method, headers });
    outgoing.on("error", () => undefined);
    // An upload that is not over.
    if (method === "POST") outgoing.write("a first part");
    else outgoing.end();
    return outgoing;
  };
  const begun = async (outgoing: ClientRequest, when: When) => {
    const answer = when === "before the answer" ? undefined : await answerTo(outgoing);
    await expect.poll(() => world().upstream.requests.length).toBe(1);
    if (when === "in the middle of the answer") await new Promise((got) => answer?.once("data", got));
  };
  /** Presents the payment again until the upstream is asked a second time, or it is known why not. */
  const again = async (method: string, path: string, payment: string) => {
    const outgoing = start(method, path, payment);
    if (method === "POST") outgoing.end();
    let refused: string | undefined;
    void answerTo(outgoing).then(async (answer) => {
      if (answer.statusCode === 409) refused = JSON.parse(await textOf(answer)).code;
    });
    const asked = () => world().upstream.requests.length === 2;
    await expect.poll(() => asked() || refused !== undefined).toBe(true);
    outgoing.destroy();
    return refused ?? "asked again";
  };

  describe.each(MATRIX)("%s %s", (method, path, when, left) => {
    it(`a client that leaves ${when} closes the upstream; the payment is ${left}`, async () => {
      const { upstream, facilitator, quote } = world();
      const payment = left === "free" ? undefined : await sign(await quote(path, { method }));
      const outgoing = start(method, path, payment);
      await begun(outgoing, when);
      // A connection closed half-way could still be read from; this one is gone.
      outgoing.socket?.resetAndDestroy();
      await expect.poll(() => upstream.requests[0]?.closedEarly).toBe(true);
      if (payment === undefined) return;
      const expected = left === "used" ? "payment_already_used" : "asked again";
      await expect.poll(() => again(method, path, payment), { timeout: 5000 }).toBe(expected);
      expect(facilitator.counts.settle).toBe(left === "unpaid" ? 0 : 1);
    });
  });
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve) => outgoing.once("response", resolve));
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer) text += chunk;
  return text;
}
