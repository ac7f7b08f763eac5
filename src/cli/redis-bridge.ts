/** `tollbooth redis-bridge`: the REST API of Upstash in front of a Redis of one's own. */
import { Command, InvalidArgumentError, Option } from "commander";
import { connectTo } from "../bridge/connect.ts";
import type { Backend } from "../bridge/resp.ts";
import { connectThroughSentinel, readSentinels } from "../bridge/sentinel.ts";
import { MAX_BODY_BYTES, MAX_CONCURRENCY, startBridge } from "../bridge/serve.ts";
import { CommandError } from "./config-file.ts";
import { explainListen, parsePort, runUntilStopped } from "./serve.ts";

type Options = {
  redis?: string;
  token?: string;
  insecure?: boolean;
  host: string;
  port: number;
  maxBody: number;
  maxConcurrency: number;
  sentinel?: string;
  sentinelName?: string;
};

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** How long requests in hand may take to end on SIGTERM, ms; Docker waits ten seconds unless told. */
const GRACE_MS = 8_000;

/** The command. Runs until SIGTERM or SIGINT; Redis need not be up when it starts. */
export function redisBridgeCommand(): Command {
  const count = (flag: string, what: string, value: number) =>
    new Option(`${flag} <number>`, what).argParser(parseCount).default(value);
  return new Command("redis-bridge")
    .description("serve the REST API of Upstash in front of a Redis of your own")
    .addOption(
      new Option("--redis <url>", "redis://user:password@host:6379/0, rediss:// for TLS").env("REDIS_URL"),
    )
    .addOption(
      new Option("--token <token>", "what callers must send; better in the environment").env("BRIDGE_TOKEN"),
    )
    .option("--insecure", "ask for no token; on a loopback address only")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .addOption(new Option("--port <number>", "0 takes a free one").argParser(parsePort).default(8079))
    .addOption(count("--max-body", "longest request, bytes", MAX_BODY_BYTES))
    .addOption(count("--max-concurrency", "requests at once; one more is answered 429", MAX_CONCURRENCY))
    .option(
      "--sentinel <host:port,…>",
      "Sentinels to ask for the master; their password is SENTINEL_PASSWORD",
    )
    .option("--sentinel-name <name>", "what the Sentinels call the master, e.g. mymaster")
    .addHelpText(
      "after",
      "\nExample:\n  BRIDGE_TOKEN=… tollbooth redis-bridge --redis redis://localhost:6379",
    )
    .action(bridge);
}

async function bridge(options: Options): Promise<void> {
  const { host, port, maxBody: maxBodyBytes, maxConcurrency } = options;
  const secret = checkToken(options);
  const backend = findBackend(options);
  const limits = { maxBodyBytes, maxConcurrency };
  const bridge = await startBridge({ ...backend, ...secret, ...limits, host, port }).catch(
    (error: unknown) => {
      throw explainListen(error, port);
    },
  );
  await runUntilStopped(bridge.port, () => bridge.close(GRACE_MS));
}

function checkToken({ token = "", insecure = false, host }: Options): { token: string; insecure: boolean } {
  // A header loses the spaces around its value, so that such a token could never be met.
  if (/[^\x21-\x7e]/.test(token))
    throw new CommandError("The token must be visible ASCII without spaces or line breaks.");
  if (token !== "") return { token, insecure: false };
  if (!insecure)
    throw new CommandError("Give a token, or anybody could read Redis: set BRIDGE_TOKEN, or --token.");
  if (!LOOPBACK.test(host))
    throw new CommandError("--insecure is for a loopback address; set BRIDGE_TOKEN to listen on another.");
  return { token, insecure };
}

function findBackend({ redis, sentinel, sentinelName }: Options): Backend {
  // An environment often has the variable without a value.
  const redisUrl = redis || undefined;
  try {
    if (sentinel !== undefined) {
      if (!sentinelName)
        throw new CommandError(
          "Say what the Sentinels call the master, for example --sentinel-name mymaster.",
        );
      const password = process.env.SENTINEL_PASSWORD || undefined;
      return connectThroughSentinel({
        sentinels: readSentinels(sentinel),
        name: sentinelName,
        password,
        redisUrl,
      });
    }
    if (sentinelName !== undefined)
      throw new CommandError("Say where the Sentinels are: --sentinel host:26379,host:26379.");
    if (redisUrl === undefined)
      throw new CommandError("Say where Redis is: set REDIS_URL, or --redis redis://host:6379.");
    return connectTo(redisUrl);
  } catch (error) {
    // What connectTo and readSentinels throw is written for the user, and names no password.
    throw error instanceof Error ? new CommandError(error.message) : error;
  }
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count))
    throw new InvalidArgumentError("It must be a whole number above 0.");
  return count;
}
