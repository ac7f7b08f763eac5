/**
 * Finds the master through Sentinels. Every new connection asks, because the one before may have died of a fail-over;
 * and it asks the Redis it was sent to for its role, because a Sentinel may not have heard yet.
 */
import { type Address, openSocket, readRedisUrl } from "./connect.ts";
import type { Reply } from "./reply.ts";
import { type Backend, type Command, createRespClient } from "./resp.ts";

/** Where the Sentinels are, and what they call the master. */
export interface SentinelOptions {
  sentinels: readonly Address[];
  name: string;
  /** Password of the Sentinels themselves. */
  password?: string | undefined;
  /** Gives user, password, database and TLS (`rediss://`, then for the Sentinels too); its host is not used. */
  redisUrl?: string | undefined;
  /** How long each Sentinel may take to answer; 1000 unless told. */
  timeoutMs?: number;
}

const SENTINEL_PORT = 26_379;

/** The backend that is the master of the moment. @throws on a wrong `redisUrl` */
export function connectThroughSentinel(options: SentinelOptions): Backend {
  const { tls, greeting } = readRedisUrl(options.redisUrl ?? "redis://master");
  const order = [...options.sentinels];
  const connect = async () => openSocket(await findMaster(order, tls, options), tls);
  return { connect, greeting: [...greeting, ["ROLE"]], judge: (replies) => judgeRole(replies.at(-1)) };
}

/** Reads `host:port,host:port`; the port is 26379 unless given. @throws a sentence for the user */
export function readSentinels(list: string): Address[] {
  return list.split(",").map((item) => {
    const text = `redis://${item.trim()}`;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const more = url === undefined || url.username || url.password || url.pathname || url.search || url.hash;
    if (more || !url.hostname)
      throw new Error(
        "Sentinels are written host:port,host:port; their password goes into SENTINEL_PASSWORD.",
      );
    return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || SENTINEL_PORT) };
  });
}

/** Asks one after the other; the one that answers is asked first the next time. */
async function findMaster(order: Address[], tls: boolean, options: SentinelOptions): Promise<Address> {
  const failures: string[] = [];
  for (const sentinel of [...order]) {
    const answer = await ask(sentinel, tls, options);
    if (!(answer instanceof Error)) {
      order.sort((a, b) => Number(b === sentinel) - Number(a === sentinel));
      return answer;
    }
    failures.push(`${sentinel.host}:${sentinel.port} ${answer.message}`);
  }
  throw new Error(`no Sentinel named the master "${options.name}" (${failures.join("; ")})`);
}

async function ask(
  sentinel: Address,
  tls: boolean,
  { name, password, timeoutMs = 1000 }: SentinelOptions,
): Promise<Address | Error> {
  const greeting: Command[] = password === undefined ? [] : [["AUTH", password]];
  const client = createRespClient({ connect: () => openSocket(sentinel, tls), greeting }, timeoutMs);
  try {
    const [reply] = await client.send([["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]]);
    if (reply instanceof Error) return reply;
    return readAddress(reply) ?? new Error("does not know it");
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    client.close();
  }
}

function readAddress(reply: Reply | undefined): Address | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [host, port] = reply;
  if (!(host instanceof Uint8Array && port instanceof Uint8Array)) return undefined;
  return { host: Buffer.from(host).toString(), port: Number(Buffer.from(port).toString()) };
}

function judgeRole(reply: Reply | undefined): Error | undefined {
  const role = Array.isArray(reply) ? reply[0] : undefined;
  if (role instanceof Uint8Array && Buffer.from(role).toString() === "master") return undefined;
  return new Error("Sentinel named a Redis that is not the master (a fail-over may be under way)");
}
