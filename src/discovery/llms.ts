/** `/llms.txt` (llmstxt.org): what is sold and how to pay for it, for readers of text. */
import { listed } from "../core/bazaar.ts";
import type { Discovery } from "../core/listing.ts";
import type { Route } from "../core/route.ts";
import { acceptsOf, tell } from "./prices.ts";

/** More routes than a reader wants; all of them are in the description. */
const MOST_ROUTES = 200;
const MOST_TEXT = 300;

/** The text. */
export function llmsOf(routes: Route[], { title, description }: Discovery, origin: string): string {
  const name = line(title ?? new URL(origin).host);
  const shown = routes.slice(0, MOST_ROUTES).map((route) => itemOf(route, origin));
  const left = routes.length - shown.length;
  const tokens = routes.flatMap((route) =>
    acceptsOf(route).map(({ asset, network, scheme }) => `${asset} on ${network} (${scheme})`),
  );
  const paying =
    tokens.length === 0
      ? "Everything here is free."
      : `Calls with a price are paid with x402 (https://www.x402.org), without an account or a key: call; the answer is 402 \
with the requirements in the PAYMENT-REQUIRED header (base64 of JSON); sign one of them; repeat the call with PAYMENT-SIGNATURE. \
The receipt is in PAYMENT-RESPONSE. Accepted: ${[...new Set(tokens)].join(", ")}.`;
  return [
    `# ${name}`,
    "",
    `> ${line(description ?? "An API whose calls are paid one by one, with x402.")}`,
    "",
    paying,
    "",
    "## Endpoints",
    "",
    ...shown,
    ...(left > 0 ? [`- [${left} more](${origin}/.well-known/openapi.json)`] : []),
    "",
    "## Descriptions",
    "",
    `- [OpenAPI](${origin}/.well-known/openapi.json): every endpoint with its parameters, answers and price`,
    `- [x402](${origin}/.well-known/x402): every endpoint with its price and how it can be paid`,
    "",
  ].join("\n");
}

function itemOf(route: Route, origin: string): string {
  const { summary, description } = listed(route) ?? {};
  const text = summary ?? description;
  const path = route.pattern.replace(
    /[()[\]<>`]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const link = `- [${route.method} ${path}](${origin}${path}): ${tell(route)}`;
  return text === undefined ? link : `${link}. ${line(text)}`;
}

/** What is said somewhere else must stay in its line, and in its link. */
function line(text: string): string {
  const flat = text
    .replace(/\s+/g, " ")
    .replace(/[[\]<>]/g, "")
    .trim();
  return flat.length > MOST_TEXT ? `${flat.slice(0, MOST_TEXT)}…` : flat;
}
