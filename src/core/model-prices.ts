/**
 * What models cost, as of 2026-07-24: US dollars for a million tokens of input, output, input read from a cache, and
 * input written to one; a cache price that is missing or "-" is that of the input. Prices for short prompts.
 * Source: BerriAI/litellm, model_prices_and_context_window.json; open models by what Groq takes for them.
 * Written by `scripts/update-model-prices.ts`.
 */
export const MODEL_PRICES = `
gpt-5.6 5 30 0.5 6.25
gpt-5.6-sol 5 30 0.5 6.25
gpt-5.6-terra 2.5 15 0.25 3.125
gpt-5.6-luna 1 6 0.1 1.25
gpt-5.5 5 30 0.5
gpt-5.4 2.5 15 0.25
gpt-5.4-mini 0.75 4.5 0.075
gpt-5.4-nano 0.2 1.25 0.02
gpt-5.3-codex 1.75 14 0.175
gpt-5.2 1.75 14 0.175
gpt-5.1 1.25 10 0.125
gpt-5 1.25 10 0.125
gpt-5-mini 0.25 2 0.025
gpt-5-nano 0.05 0.4 0.005
gpt-4.1 2 8 0.5
gpt-4.1-mini 0.4 1.6 0.1
gpt-4.1-nano 0.1 0.4 0.025
gpt-4o 2.5 10 1.25
gpt-4o-mini 0.15 0.6 0.075
o3 2 8 0.5
o4-mini 1.1 4.4 0.275
text-embedding-3-small 0.02 0
text-embedding-3-large 0.13 0
claude-fable-5 10 50 1 12.5
claude-opus-5 5 25 0.5 6.25
claude-sonnet-5 2 10 0.2 2.5
claude-opus-4-8 5 25 0.5 6.25
claude-opus-4-7 5 25 0.5 6.25
claude-opus-4-6 5 25 0.5 6.25
claude-opus-4-5 5 25 0.5 6.25
claude-opus-4-5-20251101 5 25 0.5 6.25
claude-opus-4-1 15 75 1.5 18.75
claude-sonnet-4-6 3 15 0.3 3.75
claude-sonnet-4-5 3 15 0.3 3.75
claude-sonnet-4-5-20250929 3 15 0.3 3.75
claude-haiku-4-5 1 5 0.1 1.25
claude-haiku-4-5-20251001 1 5 0.1 1.25
deepseek-chat 0.28 0.42 0.028
deepseek-reasoner 0.28 0.42 0.028
deepseek-v4-flash 0.14 0.28 0.0028
deepseek-v4-pro 0.435 0.87 0.003625
gemini-3.6-flash 1.5 7.5 0.15
gemini-3.5-flash 1.5 9 0.15
gemini-3.5-flash-lite 0.3 2.5 0.03
gemini-3.1-pro-preview 2 12 0.2
gemini-3.1-flash-lite 0.25 1.5 0.025
gemini-3-flash-preview 0.5 3 0.05
gemini-2.5-pro 1.25 10 0.125
gemini-2.5-flash 0.3 2.5 0.03
gemini-2.5-flash-lite 0.1 0.4 0.01
mistral-large-latest 0.5 1.5
mistral-large-2512 0.5 1.5
mistral-medium-latest 1.5 7.5
mistral-medium-2604 1.5 7.5
mistral-small-latest 0.06 0.18
codestral-2508 0.3 0.9
devstral-2512 0.4 2
grok-4.5 2 6 0.5
grok-4.3 1.25 2.5 0.2
grok-4-1-fast-reasoning 0.2 0.5 0.05
grok-4-1-fast-non-reasoning 0.2 0.5 0.05
grok-code-fast-1 0.2 1.5 0.02
llama-3.3-70b-versatile 0.59 0.79
llama-3.1-8b-instant 0.05 0.08
meta-llama/llama-4-maverick-17b-128e-instruct 0.2 0.6
meta-llama/llama-4-scout-17b-16e-instruct 0.11 0.34
openai/gpt-oss-120b 0.15 0.6 0.075
openai/gpt-oss-20b 0.075 0.3 0.0375
`;
