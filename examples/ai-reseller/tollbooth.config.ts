import { defineConfig, type ResponseContext } from "tollbooth-edge";

type Said = {
  content?: unknown[];
  choices?: { message: { content: string | null; tool_calls?: unknown } }[];
};

/** Takes no money for an error of the provider, nor for an answer that says nothing. */
async function sellAnswers({ response: { status, headers, json } }: ResponseContext) {
  if (status >= 300) return { settle: false as const, reason: `the provider answered ${status}` };
  // Reading a stream here would hold it back: it is sold as it begins.
  if (!headers.get("content-type")?.includes("json")) return;
  const { content, choices = [] } = (await json()) as Said;
  const isEmpty = choices.every(({ message }) => message.content === "" && !message.tool_calls);
  if (content ? content.length === 0 : isEmpty) return { settle: false as const, reason: "empty completion" };
}

/** Calls to two model providers, resold for a price each; the keys are yours, and buyers never see them. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base-sepolia" }],
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
  upstreams: {
    anthropic: { url: "${ANTHROPIC_URL}", headers: { "x-api-key": "${ANTHROPIC_KEY}" }, timeout: 120 },
    openai: { url: "${OPENAI_URL}", headers: { authorization: "Bearer ${OPENAI_KEY}" }, timeout: 120 },
  },
  // The money moves once the answer is there. A price for a call wants a bound on what goes in: about 4,000 tokens.
  defaults: { settlement: "after-response", maxBodyBytes: 16_000 },
  hooks: { onResponse: sellAnswers },
  routes: {
    "POST /ai/claude": {
      upstream: "anthropic",
      path: "/v1/messages",
      match: [
        { where: { "body.model": "claude-haiku-*" }, price: "$0.02" },
        { where: { "body.model": "claude-sonnet-*" }, price: "$0.05" },
      ],
      // Whatever else there is, or will be, costs the most.
      fallback: "$0.25",
    },
    "POST /v1/chat/completions": {
      upstream: "openai",
      type: "token-based",
      // All others by the built-in table, for a call of that size. A model that is not in it is not sold.
      models: { "gpt-5.6": "$0.09", "gpt-4o-2024-*": "$0.03" },
      assumedTokens: { input: 4000, output: 2000 },
    },
  },
});
