/** What somebody proves itself with who is no client: an operator, a cron. */
import { hash } from "./hash.ts";

/** True when the request brings this token in `Authorization: Bearer` (RFC 6750, 2.1). */
export async function hasBearer({ headers }: Request, token: string): Promise<boolean> {
  const given = headers.get("authorization") ?? "";
  // As hashes, so that how long it takes tells nothing.
  return (await hash(given)) === (await hash(`Bearer ${token}`));
}
