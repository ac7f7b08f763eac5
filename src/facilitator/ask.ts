/** One request to a facilitator, and what comes back: never followed elsewhere, never waited for too long, never too long. */

/** Longest reply that is read, bytes; honest ones are under 4 kB. */
const MAX_REPLY_BYTES = 65_536;

/** What it answered; `body` is undefined when that was not JSON. */
export type Reply = { status: number; body: unknown };

/** Asks; with a body it is a POST. @throws when there is no answer in time, or too much of it */
export async function ask(url: string, timeoutMs: number, body?: unknown): Promise<Reply> {
  const response = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, body: parseJson(await readAtMost(response, MAX_REPLY_BYTES)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readAtMost(response: Response, limit: number): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      throw new RangeError("the facilitator's reply is too long");
    }
    text += decoder.decode(value, { stream: true });
  }
}
