/** Fetches a description. Nothing of the gateway's goes along, and it goes nowhere else than it was sent. */

/** Longest description, bytes. */
const MOST_BYTES = 2_000_000;
const TIMEOUT_MS = 10_000;

/** The text. @throws when there is none, or too much of it */
export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, {
    redirect: "manual",
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel();
    const isMoved = response.status >= 300 && response.status < 400;
    throw new Error(`it answers ${response.status}${isMoved ? ", and redirects are not followed" : ""}`);
  }
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const reader = response.body.getReader();
  let text = "";
  for (let left = MOST_BYTES; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    left -= value.byteLength;
    if (left < 0) {
      await reader.cancel();
      throw new Error(`it is more than ${MOST_BYTES} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
