/**
 * Server-sent events (WHATWG HTML, 9.2.6), as much of them as metering needs: the data of each event. Bytes may be cut
 * anywhere. Nothing longer than `LONGEST` is held.
 */

/** Longest line, and longest data of an event, in UTF-16 code units: 1 MiB of ASCII. */
export const LONGEST = 1_048_576;

/** Takes bytes and says the data of every event that is complete; `onTooLong` when a line or an event is skipped. */
export function readEvents(
  onData: (data: string) => void,
  onTooLong: () => void,
): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let line: string | undefined = "";
  let data: string | undefined;
  let afterReturn = false;

  const extend = (part: string) => {
    if (line === undefined) return;
    if (line.length + part.length > LONGEST) {
      line = undefined;
      onTooLong();
    } else line += part;
  };
  const endLine = () => {
    if (line === "") {
      if (data !== undefined) onData(data);
      data = undefined;
    } else if (line !== undefined) {
      const value = /^data(?:: ?|$)/.exec(line);
      if (value) data = join(data, line.slice(value[0].length), onTooLong);
    }
    line = "";
  };

  return (chunk) => {
    const decoded = decoder.decode(chunk, { stream: true });
    if (decoded === "") return;
    // The other half of a CR LF that was cut in two.
    const text = afterReturn && decoded.startsWith("\n") ? decoded.slice(1) : decoded;
    afterReturn = decoded.endsWith("\r");
    let at = 0;
    for (const { 0: lineBreak, index } of text.matchAll(/\r\n?|\n/g)) {
      extend(text.slice(at, index));
      endLine();
      at = index + lineBreak.length;
    }
    extend(text.slice(at));
  };
}

/** Lines of one event's data; what is too long is left out, so that it cannot be read as anything else. */
function join(data: string | undefined, value: string, onTooLong: () => void): string {
  if (data === undefined) return value;
  if (data.length + value.length < LONGEST) return `${data}\n${value}`;
  onTooLong();
  return "";
}
