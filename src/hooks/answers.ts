/** What becomes of an upstream's answer that a hook has looked at. */
import type { Answer } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import type { GatewayError } from "../core/errors.ts";
import type { Peek } from "./peek.ts";

/** Nobody will read it. */
export function stopping({ stop }: Answer, error: GatewayError): GatewayError {
  stop();
  return error;
}

/** The answer with its body whole again, if some of it was read. */
export function unpeeked(answer: Answer, body: Peek): Answer {
  if (!body.touched()) return answer;
  const { status, headers } = answer.response;
  const response = new Response(body.rest(), { status, headers });
  return { ...answer, response, held: [answer.held, answer.response] };
}

/** The hook's own answer. Its length is measured anew: it may have been copied from what it replaces. */
export function substitute(
  { request, route }: Call,
  response: Response,
  answer: Answer,
  clean: (headers: Headers) => Headers,
): Answer {
  answer.stop();
  const headers = clean(response.headers);
  headers.delete("content-length");
  // What the upstream has used is to be charged, whatever is said in its place.
  const count = route.usage?.header?.name ?? "";
  const used = count === "" || headers.has(count) ? null : answer.response.headers.get(count);
  if (used !== null) headers.set(count, used);
  const { status } = response;
  const body = request.method === "HEAD" ? null : response.body;
  return { response: new Response(body, { status, headers }), stop: () => undefined, held: response };
}
