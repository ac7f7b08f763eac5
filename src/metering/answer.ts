/** Reading an answer's tokens while its bytes pass by: events of a stream, or one JSON value. */
import { readEvents } from "./events.ts";
import { nothingRead, type Reading, read } from "./reading.ts";

/** Longest JSON answer that is looked at, bytes: 4 MiB. */
export const LONGEST_JSON = 4_194_304;

/** An answer that is being read. */
export type AnswerReader = {
  tap: (chunk: Uint8Array) => void;
  /** What was read, and how many bytes of text a client has seen. */
  end: () => { reading: Reading; textBytes: number };
};

/** What an answer is, by its `content-type`. */
export function kindOf(headers: Headers): "events" | "json" | "other" {
  const [type = ""] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  if (type.trim() === "text/event-stream") return "events";
  return /^application\/(?:[\w.-]+\+)?json$/.test(type.trim()) ? "json" : "other";
}

/** Begins to read an answer. Never throws, whatever the bytes are. */
export function readAnswer(kind: "events" | "json" | "other"): AnswerReader {
  if (kind === "events") return readEventStream();
  if (kind === "json") return readJson();
  let textBytes = 0;
  const tap = (chunk: Uint8Array) => {
    textBytes += chunk.byteLength;
  };
  return { tap, end: () => ({ reading: nothingRead(), textBytes }) };
}

function readJson(): AnswerReader {
  const decoder = new TextDecoder();
  let text: string | undefined = "";
  let textBytes = 0;
  return {
    tap(chunk) {
      textBytes += chunk.byteLength;
      text =
        text === undefined || textBytes > LONGEST_JSON
          ? undefined
          : text + decoder.decode(chunk, { stream: true });
    },
    end() {
      const reading = nothingRead();
      if (text === undefined) return { reading: { ...reading, broken: true }, textBytes };
      const value = parse(text + decoder.decode());
      if (value !== undefined) read(reading, value);
      return { reading: { ...reading, final: value !== undefined }, textBytes };
    },
  };
}

function readEventStream(): AnswerReader {
  const reading = nothingRead();
  let textBytes = 0;
  const onData = (data: string) => {
    if (data === "[DONE]") reading.final = true;
    else if (data.includes('"usage"')) {
      const event = parse(data);
      if (event === undefined) reading.broken = true;
      else read(reading, event);
    }
    textBytes += lengthOfText(data);
  };
  const onTooLong = () => {
    reading.broken = true;
  };
  return { tap: readEvents(onData, onTooLong), end: () => ({ reading, textBytes }) };
}

/** The members that hold text which is new in an event. In JSON text a quote is escaped, so this is never text itself. */
const TEXT =
  /"(?:content|reasoning_content|reasoning|refusal|arguments|text|thinking|partial_json|delta)"\s*:\s*"/g;
/** OpenAI's responses repeat in other events what their deltas have said. */
const REPEATS = /"type"\s*:\s*"response\.(?![a-z_.]*\.delta")/;
const encoder = new TextEncoder();

/** How much text an event brings, bytes. Parses strings only: most events are small and many. */
function lengthOfText(data: string): number {
  if (REPEATS.test(data)) return 0;
  let length = 0;
  for (const match of data.matchAll(TEXT)) {
    const start = match.index + match[0].length;
    let end = data.indexOf('"', start);
    while (end !== -1 && isEscaped(data, end)) end = data.indexOf('"', end + 1);
    const text = end === -1 ? undefined : parse(data.slice(start - 1, end + 1));
    length += encoder.encode(typeof text === "string" ? text : data.slice(start)).byteLength;
  }
  return length;
}

/** True for a character with an odd number of backslashes before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === "\\") first -= 1;
  return (at - first) % 2 === 1;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
