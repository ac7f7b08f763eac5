/** What somebody proves itself with who is no client: an operator, a cron. */
import { hash } from "./hash.ts";

/** True when the request brings this token in `Authorization: Bearer` (RFC 6750, 2.1). */
export async function hasBearer({ headers }: Request, token: string): Promise<boolean> {
  return isSame(headers.get("authorization") ?? "", `Bearer ${token}`);
}

/** True when the two are one secret; as hashes, so that how long it takes tells nothing. */
export async function isSame(given: string, secret: string): Promise<boolean> {
  return (await hash(given)) === (await hash(secret));
}
