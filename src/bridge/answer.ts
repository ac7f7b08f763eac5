import type { IncomingMessage } from "node:http";
import type { Endpoint, Execute } from "./execute.ts";
import type { Answer, Intercept } from "./intercept.ts";
import { BadRequest, hasToken, readBody, readCommands } from "./read-request.ts";
import { errorToJson } from "./reply.ts";
import type { Command, RespClient } from "./resp.ts";

/** What a request is answered with. */
export interface AnswerContext {
  token: string;
  maxBodyBytes: number;
  client: RespClient;
  execute: Execute;
  intercept: Intercept | undefined;
}

const ENDPOINTS: readonly string[] = ["/", "/pipeline", "/multi-exec"] satisfies Endpoint[];

/** Answers one request, every failure included; `undefined` means cut the connection. `hangUp` aborts when the caller is gone. */
export async function answerTo(
  request: IncomingMessage,
  hangUp: AbortSignal,
  context: AnswerContext,
): Promise<Answer | undefined> {
  const path = request.url?.split("?", 1)[0] ?? "";
  try {
    if (path === "/health" && request.method === "GET") return await health(context.client);
    if (!hasToken(request, context.token))
      throw new BadRequest(401, "WRONGPASS invalid or missing auth token");
    if (!isEndpoint(path))
      throw new BadRequest(404, `ERR no such endpoint; there are ${ENDPOINTS.join(" ")}`);
    if (request.method !== "POST") throw new BadRequest(405, "ERR use POST");
    const commands = readCommands(path, await readBody(request, context.maxBodyBytes));
    const base64 = request.headers["upstash-encoding"] === "base64";
    const next = (given: readonly Command[] = commands) => context.execute(path, given, base64);
    if (context.intercept === undefined) return await next();
    return await context.intercept({ endpoint: path, commands, signal: hangUp }, next);
  } catch (error) {
    if (error instanceof BadRequest) return { status: error.status, body: errorToJson(error.message) };
    return { status: 500, body: errorToJson(`ERR no answer from Redis: ${reason(error)}`) };
  }
}

async function health(client: RespClient): Promise<Answer> {
  const up = await client.send([["PING"]]).then(
    ([reply]) => reply instanceof Uint8Array,
    () => false,
  );
  return { status: up ? 200 : 503, body: JSON.stringify({ ok: up }) };
}

function isEndpoint(path: string): path is Endpoint {
  return ENDPOINTS.includes(path);
}

function reason(error: unknown): string {
  // A name with several addresses fails with an AggregateError, whose message is empty.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reason).join("; ");
  return error instanceof Error ? error.message : String(error);
}
