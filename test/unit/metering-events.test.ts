/** Reading events: the same whatever the chunks are, and no more held than is allowed. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LONGEST, readEvents } from "../../src/metering/events.ts";
import { makeMeter } from "../../src/metering/meter.ts";
import { bytesOf, chargeFor, EVENTS, legible, METERED, NO_FACTS, STREAMS } from "./metering-transcripts.ts";

const TOO_LONG = "too long";

/** The data of all events, in order, and where something was too long. */
function eventsOf(chunks: Uint8Array[]): string[] {
  const events: string[] = [];
  const tap = readEvents(
    (data) => events.push(data),
    () => events.push(TOO_LONG),
  );
  for (const chunk of chunks) tap(chunk);
  return events;
}

/** Bytes cut at these places. */
function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
}

/** The rules of the specification, on the whole text. */
function bySpecification(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const events: string[] = [];
  let data: string[] = [];
  // What follows the last line break is no line yet.
  for (const line of lines.slice(0, -1)) {
    if (line === "") {
      if (data.length > 0) events.push(data.join("\n"));
      data = [];
      continue;
    }
    const colon = line.indexOf(":");
    const [name, value] = colon === -1 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
    if (name === "data") data.push(value.replace(/^ /, ""));
  }
  return events;
}

const places = fc.array(fc.nat(), { maxLength: 40 });
const lineBreak = fc.constantFrom("\n", "\r", "\r\n");
const line = fc.oneof(
  fc.constantFrom(
    "",
    "",
    "data",
    "data:",
    "data: ",
    ": ping",
    ":",
    "event: x",
    "id",
    "database: 1",
    " data: x",
    "Data: x",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, "")}`),
);
const transcript = fc
  .tuple(fc.constantFrom("", "\uFEFF"), fc.array(fc.tuple(line, lineBreak), { maxLength: 30 }), fc.string())
  .map(([mark, lines, rest]) => mark + lines.flat().join("") + rest.replace(/[\r\n]/g, ""));

describe("events", () => {
  it("are those of the specification, wherever the bytes are cut", async () => {
    await fc.assert(
      fc.property(transcript, places, (text, cuts) => {
        expect(eventsOf(cut(bytesOf(text), cuts))).toEqual(bySpecification(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("are the same byte by byte: inside a character, between CR and LF, inside the mark at the beginning", () => {
    const bytes = bytesOf("\uFEFFdata: 世界\r\ndata: 😀\r\n\r\ndata\r\r:x\n\ndata: end\n\n");
    const expected = ["世界\n😀", "", "end"];
    expect(eventsOf([bytes])).toEqual(expected);
    expect(eventsOf([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it("are not made of what is left when the stream ends", () => {
    expect(eventsOf([bytesOf("data: a\n\ndata: b\n")])).toEqual(["a"]);
  });

  it("that are too long are skipped, whole or in pieces, and those after them are read", () => {
    const long = `data: ${"x".repeat(LONGEST)}\n\n`;
    const longest = `data:${"x".repeat(LONGEST - 5)}\n\n`;
    const bytes = bytesOf(`data: a\n\n${long}data: b\n\n${longest}`);
    const expected = ["a", TOO_LONG, "b", "x".repeat(LONGEST - 5)];
    expect(eventsOf([bytes])).toEqual(expected);
    expect(eventsOf(cut(bytes, [9, 5000, 70_000, LONGEST + 3, LONGEST + 14, LONGEST + 15]))).toEqual(
      expected,
    );
  });

  it("whose data is too long in many lines are said to be", () => {
    const half = `data: ${"x".repeat(LONGEST / 2)}\n`;
    expect(eventsOf([bytesOf(`${half}${half}${half}\ndata: b\n\n`)])).toContain(TOO_LONG);
  });
});

describe("a stream's charge", () => {
  it.each(Object.entries(STREAMS))(
    "does not depend on the chunks or the line ends: %s",
    async (_, { text, tokens }) => {
      await fc.assert(
        fc.property(lineBreak, places, (end, cuts) => {
          const chunks = cut(bytesOf(text.replaceAll("\n\n", `${end}${end}`)), cuts);
          expect(legible(chargeFor(chunks, EVENTS))).toEqual(tokens);
        }),
      );
    },
  );

  it("of a client that leaves does not depend on the chunks, and grows with what it got", async () => {
    const facts = { model: undefined, requestBytes: 400 };
    const leaving = (chunks: Uint8Array[]) =>
      chargeFor(chunks, EVENTS, { usage: { ...METERED, tokens: { rates: flat } }, complete: false, facts });
    await fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(STREAMS)),
        places,
        fc.nat(),
        fc.nat(),
        ({ text }, cuts, a, b) => {
          const bytes = bytesOf(text);
          const [less = 0, more = 0] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y);
          const charged = leaving(cut(bytes.subarray(0, more), cuts));
          expect(charged).toBe(leaving([bytes.subarray(0, more)]));
          // What was reported replaces the estimate of the input, which may have been higher; the output only grows.
          expect(charged).toBeGreaterThanOrEqual(leaving([bytes.subarray(0, less)]));
        },
      ),
    );
  });

  it("is unreadable when a line was skipped, even if the usage comes after it", () => {
    const text = `: ${"x".repeat(LONGEST)}\n${STREAMS.chat.text}`;
    for (const complete of [true, false]) {
      expect(legible(chargeFor([bytesOf(text)], EVENTS, { complete }))).toBe("unreadable");
    }
  });

  it("never fails, whatever comes, and nothing but an error costs more than the maximum", async () => {
    const usage = { ...METERED, max: { digits: 50n, scale: 0 } };
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .constantFrom(
          "data: ",
          "\n\n",
          '{"usage":',
          "{}",
          '{"prompt_tokens":',
          "1",
          "-",
          "}",
          '"delta":"',
          "\\",
          '"',
        )
        .map(bytesOf),
      fc.json().map((text) => bytesOf(`data: {"usage":${text}}\n\n`)),
    );
    await fc.assert(
      fc.property(
        fc.array(piece),
        fc.constantFrom(EVENTS, "application/json", "text/plain"),
        fc.boolean(),
        (chunks, type, complete) => {
          const charged = chargeFor(chunks, type, { usage, complete });
          expect(charged >= 0n && charged <= 50n).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("what goes through", () => {
  it("is not changed by being looked at", async () => {
    await fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1 })), (chunks) => {
        const answered = { status: 200, headers: new Headers({ "content-type": EVENTS }) };
        const meter = makeMeter(METERED, NO_FACTS, answered, 0, () => 0);
        const copies = chunks.map((chunk) => chunk.slice());
        for (const chunk of chunks) meter.tap(chunk);
        expect(chunks).toEqual(copies);
      }),
    );
  });
});

const flat = {
  input: { digits: 0n, scale: 0 },
  output: { digits: 1n, scale: 0 },
  cacheRead: { digits: 0n, scale: 0 },
  cacheWrite: { digits: 0n, scale: 0 },
  per: 1n,
};
