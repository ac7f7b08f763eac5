/** The first look at a request, before anybody reads what it wants: nothing of ours is long, and nobody is asked. */

import { GatewayError } from "../core/errors.ts";
import type { RequestLimits } from "../core/inspection.ts";
import type { Rooms } from "../core/rooms.ts";

/** A colon, a blank and the end of the line. */
const AROUND_FIELD = 4;

/** Makes `inspect`, which throws GatewayError `url_too_long` or `headers_too_large`. */
export function makeInspect({ urlLength, headerCount, headerBytes }: RequestLimits): Rooms["inspect"] {
  return ({ request: { url, headers } }) => {
    const detail = (most: number, what: string) => ({ detail: `At most ${most} ${what} are taken here.` });
    if (url.length > urlLength) throw new GatewayError("url_too_long", detail(urlLength, "characters"));
    let count = 0;
    let bytes = 0;
    for (const [name, value] of headers) {
      count++;
      bytes += name.length + value.length + AROUND_FIELD;
    }
    if (count > headerCount) throw new GatewayError("headers_too_large", detail(headerCount, "headers"));
    if (bytes > headerBytes)
      throw new GatewayError("headers_too_large", detail(headerBytes, "bytes of headers"));
  };
}
