/** What an answer is charged, by what it says and by how it ends. */
import { describe, expect, it } from "vitest";
import type { Usage } from "../../src/core/usage.ts";
import { LONGEST_JSON } from "../../src/metering/answer.ts";
import { factsOf, makeMeter, meteringOf } from "../../src/metering/meter.ts";
import {
  ANSWERS,
  bytesOf,
  CHAT_USAGE,
  chargeFor,
  EVENTS,
  JSON_TYPE,
  LEGIBLE,
  legible,
  METERED,
  NO_FACTS,
  STREAMS,
} from "./metering-transcripts.ts";

const UNREADABLE = "unreadable";
const cents = (digits: bigint) => ({ digits, scale: 2 });
const json = (value: unknown) => [bytesOf(JSON.stringify(value))];
const usage = (members: object) => ({ usage: { ...CHAT_USAGE, ...members } });

it.each([
  [204, cents(7n), 7n],
  [200, undefined, 0n],
  [404, cents(7n), 0n],
])(
  "an answer of %i without a body has no tokens: it costs what every call does that was served",
  (status, base, charge) => {
    const answered = { status, headers: new Headers(), body: null };
    const meter = makeMeter({ ...METERED, base, unreadable: METERED.max }, NO_FACTS, answered, 2, () => 0);
    expect(meter.charge({ complete: true })).toBe(charge);
  },
);

describe("the tokens of an answer", () => {
  it.each(Object.entries(ANSWERS))("are read from JSON: %s", (_, { value, tokens }) => {
    expect(legible(chargeFor(json(value), JSON_TYPE))).toEqual(tokens);
  });

  it.each(Object.entries(STREAMS))("are read from a stream: %s", (_, { text, tokens }) => {
    expect(legible(chargeFor([bytesOf(text)], EVENTS))).toEqual(tokens);
  });

  it.each([
    ["+json", "application/vnd.api+json"],
    ["in capitals", "Application/JSON; charset=utf-8"],
  ])("are read from a media type %s", (_, type) => {
    expect(legible(chargeFor(json(ANSWERS.embeddings.value), type))).toEqual(ANSWERS.embeddings.tokens);
  });

  it("are the largest of each count in a stream, whatever comes later", () => {
    const events = [
      { usage: { prompt_tokens: 9, completion_tokens: 4 } },
      { usage: { prompt_tokens: 3, completion_tokens: 6 } },
    ];
    const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    const charged = legible(chargeFor([bytesOf(text)], EVENTS));
    expect(charged).toMatchObject({ input: 9, output: 6 });
  });

  it.each([
    ["a negative count", usage({ prompt_tokens: -1 })],
    ["a fraction", usage({ completion_tokens: 1.5 })],
    ["a text", usage({ completion_tokens: "300" })],
    ["an object", usage({ completion_tokens: { tokens: 3 } })],
    ["a list", usage({ prompt_tokens: [] })],
    ["true", usage({ prompt_tokens: true })],
    ["more than can be counted", usage({ completion_tokens: 2 ** 53 })],
    ["more from the cache than there was", usage({ prompt_tokens: 1919 })],
    ["a negative cache", usage({ prompt_tokens_details: { cached_tokens: -5 } })],
    ["no input", { usage: { completion_tokens: 5 } }],
    ["no count", { usage: {} }],
    ["a number for usage", { usage: 5 }],
    ["none", { usage: null }],
    ["no usage", { choices: [] }],
    ["no object", ["usage", 5]],
  ])("are not read from %s", (_, value) => {
    expect(legible(chargeFor(json(value), JSON_TYPE))).toBe(UNREADABLE);
    const event = bytesOf(`data: ${JSON.stringify(value)}\n\ndata: [DONE]\n\n`);
    expect(legible(chargeFor([event], EVENTS))).toBe(UNREADABLE);
  });

  it.each([
    '{"usage":{"prompt_tokens":1e308,"completion_tokens":1}}',
    '{"usage":{"prompt_tokens":1',
    "",
    "[[[[",
  ])("are not read from %s", (text) => {
    expect(legible(chargeFor([bytesOf(text)], JSON_TYPE))).toBe(UNREADABLE);
  });

  it.each(['{"usage":{"prompt_tokens":-1}}', '{"usage":5}', '{"usage":'])(
    "are not read once one event was %s, even if others are right",
    (event) => {
      expect(legible(chargeFor([bytesOf(`data: ${event}\n\n${STREAMS.chat.text}`)], EVENTS))).toBe(
        UNREADABLE,
      );
    },
  );

  it("are not read from JSON that is longer than is looked at, nor from another type or encoding", () => {
    const long = [...json(ANSWERS.chat.value), new Uint8Array(LONGEST_JSON).fill(0x20)];
    expect(legible(chargeFor(long, JSON_TYPE))).toBe(UNREADABLE);
    expect(legible(chargeFor(long, JSON_TYPE, { complete: false }))).toBe(UNREADABLE);
    expect(legible(chargeFor(json(ANSWERS.chat.value), "text/plain"))).toBe(UNREADABLE);
    const headers = new Headers({ "content-type": JSON_TYPE, "content-encoding": "zstd" });
    const meter = makeMeter(METERED, NO_FACTS, { status: 200, headers }, 0, () => 0);
    for (const chunk of json(ANSWERS.chat.value)) meter.tap(chunk);
    expect(legible(meter.charge({ complete: true }))).toBe(UNREADABLE);
    expect(legible(meter.charge({ complete: false }))).toBe(UNREADABLE);
  });
});

describe("an answer that is no success", () => {
  it("is not charged when it reports no usage, whatever else is counted", () => {
    const everything = { ...METERED, base: cents(1n), bytes: { price: cents(1n), per: 1n } };
    for (const status of [304, 400, 404, 422]) {
      const body = json({ error: { message: "no" } });
      expect(chargeFor(body, JSON_TYPE, { usage: everything, status })).toBe(0n);
      expect(chargeFor(body, JSON_TYPE, { usage: everything, status, complete: false })).toBe(0n);
      expect(chargeFor(body, "text/plain", { usage: everything, status, complete: false })).toBe(0n);
      expect(chargeFor(json(usage({ prompt_tokens: -1 })), JSON_TYPE, { status })).toBe(0n);
    }
  });

  it("is charged what it reports", () => {
    expect(legible(chargeFor(json(ANSWERS.chat.value), JSON_TYPE, { status: 400 }))).toEqual(
      ANSWERS.chat.tokens,
    );
    const meter = makeMeter(
      { ...METERED, header: { name: "x-units", price: cents(100n), per: 1n } },
      NO_FACTS,
      { status: 400, headers: new Headers({ "x-units": "3" }) },
      0,
      () => 0,
    );
    expect(meter.charge({ complete: true })).toBe(3n);
  });
});

describe("a client that leaves", () => {
  const facts = { model: undefined, requestBytes: 401 };
  const leaving = (text: string, type = EVENTS) =>
    chargeFor([bytesOf(text)], type, { complete: false, facts });
  const until = (text: string, marker: string) => text.slice(0, text.indexOf(marker));

  it("before the first byte is charged nothing at all", () => {
    const everything: Usage = { ...METERED, base: cents(1n), seconds: { price: cents(1n), per: 1n } };
    expect(chargeFor([], EVENTS, { usage: everything, complete: false, facts })).toBe(0n);
  });

  it("is charged for the text it has got, and for its request, when nothing was reported yet", () => {
    // "Grüße, 世界" is 7 + 2 + 6 bytes; 401 bytes were asked with.
    const text = until(
      STREAMS.chat.text,
      'data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","usage":null,"choices":[{"index":0,"delta":{},',
    );
    expect(legible(leaving(text))).toEqual({ input: 101, output: 4, cacheRead: 0, cacheWrite: 0 });
  });

  it("is charged the input that was reported, and at least the output that was", () => {
    const start = until(STREAMS.messages.text, "event: content_block_start");
    expect(legible(leaving(start))).toMatchObject({ input: 25, output: 1, cacheRead: 50, cacheWrite: 188 });
    // "Hello “you”\n" is 16 bytes.
    const texts = until(STREAMS.messages.text, "event: content_block_stop");
    expect(legible(leaving(texts))).toMatchObject({ input: 25, output: 4, cacheWrite: 188 });
  });

  const long = (text: string) => text.replace(/世界|Once|Hi|Hello/, "long ".repeat(2000));

  it.each(Object.entries(STREAMS))(
    "after the last word on usage is charged just that: %s",
    (_, { text, tokens }) => {
      for (const end of ["data: [DONE]", "event: message_stop"]) {
        expect(legible(leaving(until(`${long(text)}${end}`, end)))).toEqual(tokens);
      }
    },
  );

  it.each([
    ["with its finish reason", [{ delta: {}, finish_reason: "stop" }], ""],
    ["before the end of a stream that says so", [{ delta: {}, finish_reason: null }], "data: [DONE]\n\n"],
  ])("after usage that comes %s is charged just that", (_, choices, end) => {
    const events = [
      { choices: [{ delta: { content: "long ".repeat(2000) }, finish_reason: null }] },
      { choices, usage: CHAT_USAGE },
    ];
    const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    expect(legible(leaving(text + end))).toEqual(STREAMS.chat.tokens);
  });

  it("does not pay for text that the events of OpenAI's responses repeat", () => {
    const text = until(long(STREAMS.responses.text), "event: response.completed");
    const repeated = text.replace('"text":"Hi"', `"text":"${"long ".repeat(2000)}"`);
    expect(legible(leaving(repeated))).toMatchObject({ input: 101, output: 2500 });
  });

  it("is charged for text in every place where a stream has it, unescaped", () => {
    const events = [
      {
        choices: [
          { delta: { reasoning_content: "1234", tool_calls: [{ function: { arguments: '{"a"' } }] } },
        ],
      },
      { delta: { type: "input_json_delta", partial_json: '"usage\\"' } },
      { delta: { type: "thinking_delta", thinking: "世界" } },
      { delta: { content: "1234\\" }, id: "a long name of no weight" },
    ];
    const text = events
      .map((event) => `data: ${JSON.stringify(event).replace("世", "\\u4e16")}\n\n`)
      .join("");
    expect(legible(leaving(text))).toMatchObject({ output: Math.ceil((4 + 4 + 8 + 6 + 5) / 4) });
  });

  it("in the middle of JSON or of anything else is charged for its bytes", () => {
    for (const type of [JSON_TYPE, "text/plain", ""]) {
      expect(legible(leaving('{"choices":[', type))).toMatchObject({ input: 101, output: 3 });
    }
  });

  it("at the end of JSON that had its usage is charged that", () => {
    const text = JSON.stringify(ANSWERS.messages.value);
    expect(legible(leaving(text, JSON_TYPE))).toEqual(ANSWERS.messages.tokens);
  });

  it("makes no estimate of a complete stream without usage", () => {
    const text = STREAMS.chat.text.replace(JSON.stringify(CHAT_USAGE), "null");
    expect(legible(chargeFor([bytesOf(text)], EVENTS, { facts }))).toBe(UNREADABLE);
  });

  it("and a stream that ends without its last word are charged alike", () => {
    const text = until(STREAMS.messages.text, "event: message_delta");
    expect(chargeFor([bytesOf(text)], EVENTS, { facts })).toBe(leaving(text));
  });
});

describe("the price of a model", () => {
  const priced = (models: Record<string, bigint>): Usage => ({
    ...METERED,
    tokens: {
      models: Object.fromEntries(
        Object.entries(models).map(([name, dollars]) => [
          name,
          { ...LEGIBLE, input: { digits: dollars, scale: 0 } },
        ]),
      ),
    },
  });
  const charge = (asked: string | undefined, answered: string | undefined, models: Record<string, bigint>) =>
    chargeFor(json({ model: answered, usage: { prompt_tokens: 1, completion_tokens: 0 } }), JSON_TYPE, {
      usage: priced(models),
      facts: { model: asked, requestBytes: 0 },
    });

  it("is that of the call's or the answer's model, the dearer of both if both have one", () => {
    expect(charge("a", undefined, { a: 7n })).toBe(7n);
    expect(charge(undefined, "a", { a: 7n })).toBe(7n);
    expect(charge("a", "a-2025", { "a*": 7n })).toBe(7n);
    expect(charge("cheap", "dear", { cheap: 1n, dear: 9n })).toBe(9n);
    expect(charge("dear", "cheap", { cheap: 1n, dear: 9n })).toBe(9n);
    expect(charge("dear", "unknown", { dear: 9n })).toBe(9n);
  });

  it("is not guessed for a model that nobody has named a price for", () => {
    expect(legible(charge("x", undefined, { a: 7n }))).toBe(UNREADABLE);
    expect(legible(charge(undefined, undefined, { "*": 7n }))).toBe(UNREADABLE);
    expect(legible(charge("a".repeat(257), undefined, { "*": 7n }))).toBe(UNREADABLE);
  });

  it("is found by the model that a request's body names", () => {
    expect(factsOf(bytesOf('{"model":"gpt-5","stream":true}'))).toEqual({ model: "gpt-5", requestBytes: 31 });
    for (const body of ["", "null", "[]", '{"model":5}', "{"]) {
      expect(factsOf(bytesOf(body))).toEqual({ model: undefined, requestBytes: body.length });
    }
    expect(factsOf(undefined)).toEqual(NO_FACTS);
  });
});

describe("what else is counted", () => {
  const COUNTED: Usage = { ...METERED, tokens: undefined, max: cents(100_000n), unreadable: cents(77n) };
  /** In cents. */
  const charge = (
    usage: Partial<Usage>,
    { headers = {}, body = "", ms = 0, complete = true, status = 200 } = {},
  ) => {
    let now = 5000;
    const answered = { status, headers: new Headers(headers) };
    const meter = makeMeter({ ...COUNTED, ...usage }, NO_FACTS, answered, 2, () => now);
    meter.tap(bytesOf(body));
    now += ms;
    const first = meter.charge({ complete });
    now += 60_000;
    expect(meter.charge({ complete })).toBe(first);
    return first;
  };
  const header = { name: "x-units", price: cents(50n), per: 100n };

  it("bytes: those of the body", () => {
    expect(charge({ bytes: { price: cents(30n), per: 10n } }, { body: "äöüäöü" })).toBe(36n);
    expect(charge({ bytes: { price: cents(30n), per: 10n } }, { body: "1234", complete: false })).toBe(12n);
  });

  it("seconds: from the headers to the end, begun ones too, and none when the clock goes back", () => {
    const seconds = { price: cents(3n), per: 1n };
    expect([0, 1, 1000, 1001, -500].map((ms) => charge({ seconds }, { ms }))).toEqual([0n, 3n, 3n, 6n, 0n]);
  });

  it("a header: a decimal that is not negative, rounded up once", () => {
    const charged = (count: string) => charge({ header }, { headers: { "X-Units": count } });
    expect(["0", "100", "12.5", "0.01", "1"].map(charged)).toEqual([0n, 50n, 7n, 1n, 1n]);
  });

  it.each(["", "-1", "+1", "1e3", "$5", "NaN", "Infinity", "1, 2", "0x10", "1 000"])(
    "no header that says %j: that cannot be read",
    (count) => {
      expect(charge({ header }, { headers: { "x-units": count } })).toBe(77n);
      expect(charge({ header })).toBe(77n);
    },
  );

  it("the sum of all, rounded up once, with the base", () => {
    const third = { price: cents(1n), per: 3n };
    const all = { base: cents(5n), bytes: third, seconds: third, header: { ...third, name: "x-units" } };
    expect(charge(all, { headers: { "x-units": "1" }, body: "1", ms: 1 })).toBe(6n);
    expect(charge(all, { headers: { "x-units": "2" }, body: "1", ms: 1 })).toBe(7n);
  });

  it("the whole charge is what the route says when it cannot be read, base included, at most the maximum", () => {
    expect(charge({ header, base: cents(500n) })).toBe(77n);
    expect(charge({ header, unreadable: cents(0n) })).toBe(0n);
    expect(charge({ header, unreadable: COUNTED.max })).toBe(100_000n);
    expect(charge({ header, unreadable: cents(100_001n) })).toBe(100_000n);
  });
});

describe("when the charge is known", () => {
  const one = { price: cents(1n), per: 1n };
  const when = (usage: Partial<Usage>, headers: Record<string, string>, status = 200) =>
    meteringOf({ ...METERED, tokens: undefined, ...usage }, new Response("x", { status, headers }));
  const { tokens } = METERED;

  it("by the headers, if nothing of the body counts", () => {
    const header = { ...one, name: "x-units" };
    expect(when({ header, base: cents(1n) }, { "content-type": EVENTS })).toBe("headers");
    expect(when({ bytes: one, seconds: one }, {}, 404)).toBe("headers");
    expect(meteringOf(METERED, new Response(null, { status: 204 }))).toBe("headers");
  });

  it("by the whole body, if it is JSON and not long", () => {
    expect(when({ tokens }, { "content-type": JSON_TYPE })).toBe("whole");
    expect(when({ bytes: one }, { "content-type": JSON_TYPE, "content-length": "4194304" })).toBe("whole");
    expect(when({ tokens }, { "content-type": JSON_TYPE }, 400)).toBe("whole");
  });

  it("at the end, otherwise", () => {
    expect(when({ tokens }, { "content-type": EVENTS })).toBe("stream");
    expect(when({ tokens }, { "content-type": JSON_TYPE, "content-length": "4194305" })).toBe("stream");
    expect(when({ seconds: one }, {})).toBe("stream");
    expect(when({ tokens }, { "content-type": "application/x-ndjson" })).toBe("stream");
  });
});
