/**
 * What an answer on a metered route costs, and when that is known (`meter.ts` counts). One that can be counted as a whole,
 * by its headers or as a short JSON body, is charged before it goes out and carries its receipt. Any other streams on, and
 * is charged once it has ended or its client has left; it is cut off in time for its payment to be settled.
 */
import type { Answer, Tab } from "../core/answer.ts";
import type { Call, Claim } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock } from "../core/events.ts";
import { factsOf, LONGEST_WHOLE, type Meter, makeMeter, meteringOf } from "./meter.ts";

/** A payment is settled so long before it expires, ms: facilitators want six seconds. */
const SETTLE_MS = 10_000;

/** The answer, with its charge or a tab on it; as it is where the route has a price. @throws GatewayError `upstream_*` */
export type MeterAnswer = (call: Call, claim: Claim, answer: Answer) => Promise<Answer>;

/** Makes the room. */
export function makeBill(clock: Clock): MeterAnswer {
  return async function meterAnswer(call, claim, answer) {
    const { usage, pricing, offers } = call.route;
    if (!usage) return answer;
    const { network, asset } = claim.payment.requirements;
    const offer = offers.find((one) => one.network === network && one.asset.address === asset);
    const facts = factsOf(pricing.readsBody ? await call.body.bytes() : undefined);
    const meter = makeMeter(usage, facts, answer.response, offer?.asset.decimals ?? 0, clock);
    const leftMs = Math.max(0, claim.payment.validBefore * 1000 - SETTLE_MS - clock());
    switch (meteringOf(usage, answer.response)) {
      case "headers":
        return { ...answer, charge: chargeFor(meter, true) };
      case "stream":
        return { ...answer, tab: openTab(claim, answer, meter, leftMs) };
      case "whole": {
        const { chunks, response } = await readBody(answer, leftMs);
        if (!chunks) return { ...answer, response, tab: openTab(claim, answer, meter, leftMs) };
        for (const chunk of chunks) meter.tap(chunk);
        return { ...answer, response, charge: chargeFor(meter, true) };
      }
    }
  };
}

function chargeFor(meter: Meter, complete: boolean): string {
  return meter.charge({ complete }).toString();
}

function openTab(claim: Claim, { stop }: Answer, meter: Meter, leftMs: number): Tab {
  const over = new AbortController();
  const cut = setTimeout(() => {
    over.abort();
    stop();
  }, leftMs);
  return {
    sent: meter.tap,
    soFar: () => meter.soFar().toString(),
    over: over.signal,
    close(how) {
      clearTimeout(cut);
      // Another isolate serves this payment, and charges for what it serves.
      return claim.lost.aborted ? undefined : chargeFor(meter, how === "delivered");
    },
  };
}

/** A body that is short enough is read to its end, and its chunks given; of a longer one the rest goes on as a stream. */
async function readBody(
  { response, stop }: Answer,
  leftMs: number,
): Promise<{ chunks?: Uint8Array[]; response: Response }> {
  const { status, headers } = response;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, leftMs);
  try {
    for (let size = 0; size <= LONGEST_WHOLE; ) {
      const { done, value } = await reader.read();
      if (done) return { chunks, response: new Response(new Blob(chunks), { status, headers }) };
      size += value.byteLength;
      chunks.push(value);
    }
  } catch (cause) {
    throw new GatewayError(late ? "upstream_timeout" : "upstream_unreachable", { cause });
  } finally {
    clearTimeout(timer);
  }
  const rest = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = chunks.shift() ?? (await reader.read()).value;
      if (next) controller.enqueue(next);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { response: new Response(rest, { status, headers }) };
}
