/** What Node's own parser refuses never reaches the gateway; it is answered with the gateway's codes all the same. */
import { randomUUID } from "node:crypto";
import { type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorCode } from "../core/error-codes.ts";
import { GatewayError } from "../core/errors.ts";
import { problemOf } from "../core/problem.ts";

/** Node's codes; any other is a request that is not HTTP. */
const CODES: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Answers what the server cannot read, and closes the connection. */
export function explainRefusals(server: Server): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.prependListener("request", (_request, response) => {
    if (response.socket) answering.set(response.socket, response);
  });
  server.on("clientError", (error: Error & { code?: string }, socket) => {
    // What has begun to go out cannot be taken back, and an answer in the middle of another would be read as part of it.
    const begun = answering.get(socket);
    const isMidway = begun?.headersSent && !begun.writableFinished;
    if (!socket.writable || isMidway || error.code === "ECONNRESET") return void socket.destroy(error);
    socket.end(render(new GatewayError(CODES[error.code ?? ""] ?? "request_malformed")));
  });
}

function render(error: GatewayError): string {
  const body = JSON.stringify(problemOf(error, randomUUID()));
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    "content-type: application/problem+json",
    "cache-control: no-store",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
