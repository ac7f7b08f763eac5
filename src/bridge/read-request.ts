import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Endpoint } from "./execute.ts";
import type { Command } from "./resp.ts";

/** A request the bridge turns down, with its HTTP status. */
export class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether the request carries the token, compared in constant time. */
export function hasToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

/** The body as text; throws `BadRequest` 400 once it is longer than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = (size: number) =>
    new BadRequest(400, `ERR max request size exceeded. Limit: ${maxBytes} bytes, Actual: ${size} bytes`);
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > maxBytes) throw tooLarge(announced);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and dropped: many clients look at the answer only when their body is out.
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > maxBytes) throw tooLarge(size);
  return Buffer.concat(chunks).toString("utf8");
}

/** The commands in the body; throws `BadRequest` 400 when the JSON or its shape is wrong. */
export function readCommands(endpoint: Endpoint, body: string): Command[] {
  const json = parse(body);
  if (endpoint === "/") return [readCommand(json)];
  if (!Array.isArray(json)) throw new BadRequest(400, "ERR expected an array of commands");
  return json.map(readCommand);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new BadRequest(400, "ERR failed to parse the body as JSON");
  }
}

function readCommand(json: unknown): Command {
  if (!Array.isArray(json) || json.length === 0) {
    throw new BadRequest(400, "ERR a command must be a non-empty array");
  }
  return json.map((part: unknown) => {
    if (typeof part === "string") return part;
    if (typeof part === "number" || typeof part === "boolean") return String(part);
    // The client writes null for undefined, NaN and Infinity: always a mistake of the caller.
    throw new BadRequest(400, "ERR an argument must be a string, number or boolean, not null or an object");
  });
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
