import { refuse } from "./commands.ts";
import type { Answer } from "./intercept.ts";
import { errorToJson, type Reply, slotToJson } from "./reply.ts";
import type { Command, RespClient } from "./resp.ts";
import type { ScriptRewriter } from "./scripts.ts";

/** The three ways to send commands: one alone, many with separate fates, many as one transaction. */
export type Endpoint = "/" | "/pipeline" | "/multi-exec";

/** Runs the commands of one HTTP request and answers as Upstash does. */
export type Execute = (endpoint: Endpoint, commands: readonly Command[], base64: boolean) => Promise<Answer>;

/** Ties the endpoints to one Redis connection. The result rejects only when Redis is out of reach. */
export function createExecute(client: RespClient, scripts: ScriptRewriter): Execute {
  return async (endpoint, commands, base64) => {
    if (endpoint === "/multi-exec") return runTransaction(client, scripts, commands, base64);
    const replies = await runBatch(client, scripts, commands);
    if (endpoint === "/pipeline") return list(replies, base64);
    // Not `??`: a nil reply is null.
    const [reply = new Error("ERR empty command")] = replies;
    return { status: reply instanceof Error ? 400 : 200, body: slotToJson(reply, base64) };
  };
}

async function runBatch(client: RespClient, scripts: ScriptRewriter, commands: readonly Command[]) {
  const slots = commands.map((command) => {
    const refusal = refuse(command);
    return refusal === undefined ? scripts.rewrite(command) : new Error(refusal);
  });
  // A refused command keeps its slot but never reaches Redis.
  const sent = slots.flatMap((slot) => (slot instanceof Error ? [] : [slot.command]));
  const replies = (await client.send(sent)).values();
  return slots.map((slot) => (slot instanceof Error ? slot : slot.reply(replies.next().value ?? null)));
}

async function runTransaction(
  client: RespClient,
  scripts: ScriptRewriter,
  commands: readonly Command[],
  base64: boolean,
): Promise<Answer> {
  const refusal = commands.map(refuse).find((reason) => reason !== undefined);
  if (refusal !== undefined) {
    return { status: 400, body: errorToJson(`EXECABORT Transaction discarded because of: ${refusal}`) };
  }
  const rewritten = commands.map((command) => scripts.rewrite(command));
  const block = [["MULTI"], ...rewritten.map((slot) => slot.command), ["EXEC"]];
  const results = (await client.send(block)).at(-1);
  if (!Array.isArray(results)) {
    const reason = results instanceof Error ? results.message : "EXECABORT Transaction discarded";
    return { status: 400, body: errorToJson(reason) };
  }
  return list(
    rewritten.map((slot, index) => slot.reply(results[index] ?? null)),
    base64,
  );
}

function list(replies: readonly Reply[], base64: boolean): Answer {
  return { status: 200, body: `[${replies.map((reply) => slotToJson(reply, base64)).join(",")}]` };
}
