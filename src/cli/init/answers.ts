/** What `tollbooth init` has to know, how each answer is checked, and what is taken where nobody is asked. */
import { isWallet } from "../../core/address.ts";
import { parsePrice } from "../../core/money.ts";
import { isSolana, NETWORK_NAMES, toCaip2 } from "../../core/networks.ts";

/** Where a gateway runs. */
export const PLATFORMS = ["workers", "vercel", "node", "docker"] as const;
export type Platform = (typeof PLATFORMS)[number];

/** The answers; each is also an option of the command. */
export type Answers = {
  platform: Platform;
  /** Base URL of the API that is sold. */
  url: string;
  /** `"GET /weather"`. */
  route: string;
  /** `"$0.01"`. */
  price: string;
  network: string;
  /** Address that is paid. */
  payTo: string;
  facilitator: string;
  /** Name of the variable that holds the store's URL, and of the one with its token. */
  storeUrlEnv: string;
  storeTokenEnv: string;
};

/** One question: what is taken unless told, and why an answer is refused. */
export type Question = {
  name: keyof Answers;
  flag: string;
  message: string;
  /** Undefined where nobody else can know. */
  initial: (given: Partial<Answers>) => string | undefined;
  /** What is wrong, for people. */
  problem: (text: string, given: Partial<Answers>) => string | undefined;
};

const TEST_NETWORK = /sepolia|devnet|testnet|fuji|amoy|curtis/;
const TEST_FACILITATOR = "https://x402.org/facilitator";
const VARIABLE = /^[A-Za-z_]\w*$/;

/** True for a network whose money is worth nothing. */
export function isTestNetwork(network: string): boolean {
  const names = NETWORK_NAMES.filter((name) => toCaip2(name) === toCaip2(network));
  return names.some((name) => TEST_NETWORK.test(name));
}

/** All of them, in the order in which they are asked. */
export const QUESTIONS: Question[] = [
  {
    name: "platform",
    flag: "--platform",
    message: "Where will the gateway run?",
    initial: () => "workers",
    problem: (text) => oneOf(text, PLATFORMS),
  },
  {
    name: "url",
    flag: "--url",
    message: "Base URL of your API",
    initial: () => undefined,
    problem: urlProblem,
  },
  {
    name: "route",
    flag: "--route",
    message: "Method and path to charge for",
    initial: () => "GET /*",
    problem: (text) =>
      /^(?:GET|POST|PUT|PATCH|DELETE|OPTIONS|\*) \/\S*$/.test(text)
        ? undefined
        : 'Write it like "GET /weather/:city" or "POST /v1/*".',
  },
  {
    name: "price",
    flag: "--price",
    message: "Price of a call",
    initial: () => "$0.01",
    problem: (text) => (parsePrice(text) ? undefined : 'Write it like "$0.01", or "$0" for free.'),
  },
  {
    name: "network",
    flag: "--network",
    message: "Network to be paid on",
    initial: () => "base-sepolia",
    problem: (text) =>
      toCaip2(text) ? undefined : "Write a name (base, base-sepolia, solana) or CAIP-2 (eip155:8453).",
  },
  {
    name: "payTo",
    flag: "--pay-to",
    message: "Address that receives the payments",
    initial: () => undefined,
    problem: (text, { network = "" }) => addressProblem(text, toCaip2(network)),
  },
  {
    name: "facilitator",
    flag: "--facilitator",
    message: "Facilitator that settles the payments",
    // Whoever settles real money is the seller's choice.
    initial: ({ network = "" }) => (isTestNetwork(network) ? TEST_FACILITATOR : undefined),
    problem: urlProblem,
  },
  {
    name: "storeUrlEnv",
    flag: "--store-url-env",
    message: "Variable that holds the store's URL (Upstash REST, or tollbooth redis-bridge)",
    initial: () => "UPSTASH_REDIS_REST_URL",
    problem: variableProblem,
  },
  {
    name: "storeTokenEnv",
    flag: "--store-token-env",
    message: "Variable that holds its token",
    initial: () => "UPSTASH_REDIS_REST_TOKEN",
    problem: variableProblem,
  },
];

function oneOf(text: string, known: readonly string[]): string | undefined {
  return known.includes(text) ? undefined : `Choose one of ${known.join(", ")}.`;
}

/**
 * URLs are written into files that are read line by line, and into which some readers put variables: `new URL` would pass
 * over the end of a line, and take what follows for more of the URL.
 */
const PLAIN = /^(?!.*["'`\\$#])[\x21-\x7e]+$/;

function urlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    return "It must start with https:// or http://.";
  if (!PLAIN.test(text)) return "It must be plain: no blanks, line ends, quotes, #, $ or backslashes.";
  return url.username || url.password
    ? "Leave user and password out: they would be written down."
    : undefined;
}

function addressProblem(text: string, network: string | undefined): string | undefined {
  if (isWallet(text, network)) return undefined;
  return network !== undefined && isSolana(network)
    ? "Write the account in base58."
    : "Write 0x and 40 hexadecimal digits; in mixed case the checksum must be right.";
}

function variableProblem(text: string): string | undefined {
  return VARIABLE.test(text) ? undefined : "Write a variable's name: STORE_URL.";
}
