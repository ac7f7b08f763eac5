/** A call as a load balancer makes it: to one instance, under the name that all of them go by. */
import { once } from "node:events";
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";

/** A payment is for a call of one host, whichever instance takes it. */
const HOST = "api.example";
const AGENT = new Agent({ keepAlive: true });

/**
 * Resolves with the answer's headers; its body must be read. Not `fetch`: that sends the address as the host, whatever
 * it is told, and is too slow for a crowd. @throws when the connection breaks before
 */
export async function ask(url: string, headers: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
  // A connection that breaks within the answer is told by the answer; without a listener it would end the process.
  const asking = request(url, { headers: { host: HOST, ...headers }, agent: AGENT });
  asking.on("error", () => undefined).end();
  const arrived = once(asking, "response").catch((error: Error) => error);
  const response = (await arrived) as [IncomingMessage] | Error;
  if (!(response instanceof Error)) return response[0];
  // A server may let go of a kept connection just as it is used again: the call has not been taken, and is repeated.
  if (asking.reusedSocket) return ask(url, headers);
  throw response;
}
