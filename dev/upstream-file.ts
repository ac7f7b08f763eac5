/** A file with ranges (RFC 9110, 14), as a video or a download is served: validators, one range, several, none that fits. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Exchange } from "./upstream-routes.ts";

type Range = { from: number; to: number };

/** Bytes of `/file`. */
export const FILE_LENGTH = 1024 * 1024;
const ETAG = '"v1"';
const BOUNDARY = "next-part";

/** Bytes that tell where they are from. */
export function fileBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7) & 255;
  return bytes;
}

const FILE = fileBytes(FILE_LENGTH);

/** `/file`; `break=N` cuts an answer without a range after that many bytes. */
export function file({ req, res, url, breakOff }: Exchange): void {
  const cut = Number(url.searchParams.get("break") ?? 0);
  if (cut === 0 || req.headers.range !== undefined) {
    serveFile(req, res, FILE, "video/mp4");
    return;
  }
  res.writeHead(200, { "content-type": "video/mp4", "content-length": FILE_LENGTH });
  res.write(FILE.subarray(0, cut), breakOff);
}

/** Answers for the file: 200, 206, 304 or 416. */
export function serveFile(req: IncomingMessage, res: ServerResponse, file: Buffer, type: string): void {
  res.setHeader("accept-ranges", "bytes");
  res.setHeader("etag", ETAG);
  if (req.headers["if-none-match"] === ETAG) {
    res.writeHead(304).end();
    return;
  }
  const current = req.headers["if-range"] === undefined || req.headers["if-range"] === ETAG;
  const ranges = current ? readRanges(req.headers.range, file.length) : undefined;
  const { status, fields, body } = ranges ? partOf(file, ranges, type) : whole(file, type);
  res.writeHead(status, { ...fields, "content-length": body.length });
  res.end(req.method === "HEAD" ? undefined : body);
}

type Part = { status: number; fields: Record<string, string>; body: Buffer };

function whole(file: Buffer, type: string): Part {
  return { status: 200, fields: { "content-type": type }, body: file };
}

function partOf(file: Buffer, ranges: Range[], type: string): Part {
  const [first] = ranges;
  if (!first) {
    return { status: 416, fields: { "content-range": `bytes */${file.length}` }, body: Buffer.alloc(0) };
  }
  if (ranges.length === 1) {
    const fields = { "content-type": type, "content-range": contentRange(first, file) };
    return { status: 206, fields, body: file.subarray(first.from, first.to + 1) };
  }
  const fields = { "content-type": `multipart/byteranges; boundary=${BOUNDARY}` };
  return { status: 206, fields, body: multipart(ranges, file, type) };
}

/** The ranges that fit; undefined when none are asked for. */
function readRanges(field: string | undefined, length: number): Range[] | undefined {
  const [, list] = /^bytes=(.+)$/.exec(field ?? "") ?? [];
  if (list === undefined) return undefined;
  const ranges = list.split(",").map((spec): Range => {
    const [, from = "", to = ""] = /^\s*(\d*)-(\d*)\s*$/.exec(spec) ?? [];
    if (from === "") return { from: Math.max(0, length - Number(to)), to: length - 1 };
    return { from: Number(from), to: to === "" ? length - 1 : Math.min(Number(to), length - 1) };
  });
  return ranges.filter(({ from, to }) => from < length && from <= to);
}

function contentRange({ from, to }: Range, file: Buffer): string {
  return `bytes ${from}-${to}/${file.length}`;
}

function multipart(ranges: Range[], file: Buffer, type: string): Buffer {
  const parts = ranges.flatMap((range) => [
    Buffer.from(
      `\r\n--${BOUNDARY}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, file)}\r\n\r\n`,
    ),
    file.subarray(range.from, range.to + 1),
  ]);
  return Buffer.concat([...parts, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}
