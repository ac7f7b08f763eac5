import type { IncomingMessage } from "node:http";
import type { Endpoint, Execute } from "./execute.ts";
import type { Answer, Intercept } from "./intercept.ts";
import { BadRequest, hasToken, readBody, readCommands } from "./read-request.ts";
import { errorToJson } from "./reply.ts";
import type { Command, RespClient } from "./resp.ts";

/** What a request is answered with. */
export interface AnswerContext {
  token: string;
  /** Takes requests without a token, but none that a browser sends for a web page. */
  insecure: boolean;
  maxBodyBytes: number;
  /** Lets a request in and answers how it leaves again; `undefined` when there are too many. */
  enter: () => (() => void) | undefined;
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
    checkCaller(request, context);
    if (!isEndpoint(path))
      throw new BadRequest(404, `ERR no such endpoint; there are ${ENDPOINTS.join(" ")}`);
    if (request.method !== "POST") throw new BadRequest(405, "ERR use POST");
    const leave = context.enter();
    if (leave === undefined) throw new BadRequest(429, "ERR too many requests at once, try again");
    return await run(request, path, hangUp, context).finally(leave);
  } catch (error) {
    if (error instanceof BadRequest) return { status: error.status, body: errorToJson(error.message) };
    return { status: 500, body: errorToJson(`ERR no answer from Redis: ${reason(error)}`) };
  }
}

async function run(
  request: IncomingMessage,
  endpoint: Endpoint,
  signal: AbortSignal,
  { maxBodyBytes, execute, intercept }: AnswerContext,
): Promise<Answer | undefined> {
  const commands = readCommands(endpoint, await readBody(request, maxBodyBytes));
  const base64 = request.headers["upstash-encoding"] === "base64";
  const next = (given: readonly Command[] = commands) => execute(endpoint, given, base64);
  return intercept === undefined ? next() : intercept({ endpoint, commands, signal }, next);
}

function checkCaller(request: IncomingMessage, { token, insecure }: AnswerContext): void {
  if (!insecure && !hasToken(request, token))
    throw new BadRequest(401, "WRONGPASS invalid or missing auth token");
  // Any web page can post to a port of this machine; a browser then says where the page is from.
  if (insecure && request.headers.origin !== undefined)
    throw new BadRequest(403, "ERR web pages may not use a bridge that asks for no token");
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
