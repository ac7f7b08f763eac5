/** WebSockets (RFC 6455) as far as development and tests need them: whole frames, no extensions, either side. */
import { createHash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";

/** What arrives: a message, or the close frame with its code. */
export type Frame = { text: string } | { bytes: Buffer } | { code: number; reason: string };

/** An open WebSocket. */
export interface Socket {
  /** A string goes as text, bytes as binary. */
  send(message: string | Uint8Array): void;
  /** Says goodbye; the connection ends when the other side has said it too. */
  close(code: number, reason?: string): void;
  /** Cuts the connection without a word. */
  cut(): void;
}

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;

/** The answer to a handshake's key, 4.2.2. */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** The fields of a handshake, 4.1. */
export function handshake(): Record<string, string> {
  const key = randomBytes(16).toString("base64");
  return {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": key,
  };
}

/** The server's half of the handshake, on a connection that asked for it; `protocol` is the one that was chosen. */
export function accept(stream: Duplex, headers: IncomingHttpHeaders, protocol?: string): void {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(headers["sec-websocket-key"] ?? "")}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  stream.write(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Speaks frames over a connection whose handshake is done; a client masks what it sends. */
export function openSocket(
  stream: Duplex,
  options: { masked: boolean; head: Buffer; onFrame: (frame: Frame) => void },
): Socket {
  let said = false;
  let pending = options.head;
  const write = (opcode: number, payload: Buffer) => {
    if (!stream.writableEnded) stream.write(encode(opcode, payload, options.masked));
  };
  const close = (code: number, reason = "") => {
    if (!said) write(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
    said = true;
  };
  const read = () => {
    for (let frame = decode(pending); frame; frame = decode(pending)) {
      pending = pending.subarray(frame.length);
      if (frame.opcode === TEXT) options.onFrame({ text: frame.payload.toString() });
      if (frame.opcode === BINARY) options.onFrame({ bytes: frame.payload });
      if (frame.opcode !== CLOSE) continue;
      const code = frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0);
      options.onFrame({ code, reason: frame.payload.subarray(2).toString() });
      if (code !== 1005) close(code);
      stream.end();
    }
  };
  stream.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    read();
  });
  stream.on("error", () => undefined);
  // Node leaves a connection half open when it was upgraded.
  stream.once("end", () => stream.end());
  queueMicrotask(read);
  return {
    send: (message) => write(typeof message === "string" ? TEXT : BINARY, Buffer.from(message)),
    close,
    cut: () => stream.destroy(),
  };
}

function encode(opcode: number, payload: Buffer, masked: boolean): Buffer {
  const { length } = payload;
  const bit = masked ? 128 : 0;
  const long = length > 65_535 ? 8 : 2;
  const head = Buffer.alloc(length < 126 ? 2 : 2 + long);
  head[0] = 128 | opcode;
  head[1] = bit | (length < 126 ? length : long === 2 ? 126 : 127);
  if (length >= 126 && long === 2) head.writeUInt16BE(length, 2);
  if (length >= 126 && long === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, unmask(payload, mask)]);
}

/** The first whole frame, and how many bytes it took; undefined while it is not all there. */
function decode(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 127;
  const start = { 126: 4, 127: 10 }[short] ?? 2;
  const masked = (bytes[1] ?? 0) > 127;
  const from = start + (masked ? 4 : 0);
  if (bytes.length < from) return undefined;
  const size = start === 2 ? short : start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < from + size) return undefined;
  const payload = bytes.subarray(from, from + size);
  return {
    opcode: (bytes[0] ?? 0) & 15,
    payload: masked ? unmask(payload, bytes.subarray(start, from)) : payload,
    length: from + size,
  };
}

function unmask(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
}
