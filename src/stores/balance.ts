/** What is left of prepaid credits, for the command line; the gateway itself only draws. */
import type { RedisConnection } from "../core/compiled.ts";
import type { Balance } from "../core/stores.ts";
import { BALANCE } from "./credit-scripts.ts";
import { creditKeys, toBalance } from "./credits.ts";
import { connect } from "./redis.ts";

/** The credits of each account; undefined where there are none any more. @throws GatewayError `store_unavailable` */
export async function balancesOf(
  connection: RedisConnection,
  ids: string[],
): Promise<(Balance | undefined)[]> {
  if (ids.length === 0) return [];
  const { account } = creditKeys(connection.prefix);
  const replies = await connect(connection)(
    ids.map((id) => ({ script: BALANCE, keys: [account(id)], args: [] })),
  );
  return replies.map(toBalance);
}
