/** An upstream whose answers are as long as they are asked to be: `GET /body/{kind}/{bytes}`, for an hour. */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** JSON as an API sends it, and bytes that are no text. */
export type BodyKind = "json" | "binary";

const made = new Map<string, Buffer>();

/** Answers. */
export function answerBody({ url = "" }: IncomingMessage, response: ServerResponse): void {
  const [, , kind = "", bytes = ""] = url.replace(/\?.*/, "").split("/");
  const name = `${kind} ${bytes}`;
  const body = made.get(name) ?? make(kind === "binary" ? "binary" : "json", Number(bytes));
  made.set(name, body);
  const type = kind === "binary" ? "application/octet-stream" : "application/json";
  response
    .writeHead(200, { "content-type": type, "content-length": body.length, "cache-control": "max-age=3600" })
    .end(body);
}

function make(kind: BodyKind, bytes: number): Buffer {
  if (kind === "binary") return randomBytes(bytes);
  const item = JSON.stringify({
    city: "São Paulo",
    temperature: 21.5,
    sky: "clear",
    wind: { speed: 12, from: "NW" },
  });
  const list = `[${Array.from({ length: Math.ceil(bytes / item.length) }, () => item).join(",")}]`;
  // As long as was asked for: the end of it is of no use to anybody.
  return Buffer.from(list).subarray(0, bytes - (bytes % 16));
}
