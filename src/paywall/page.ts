/**
 * The page that people see on a 402: what it costs, what for, and a button that pays. Programs get what they always got. The
 * status, `PAYMENT-REQUIRED` and everything else of the failure stay; only its body is another one.
 *
 * The page is one document without a single request to anywhere: its script (`paywall/`, bundled into `built.ts`) talks
 * to the wallet in the browser and to the URL that the page came from. Its policy names script and style by their hashes,
 * so that nothing else runs, whatever the texts in it or the answer that it shows contain.
 */
import { GatewayError } from "../core/errors.ts";
import type { Clock } from "../core/events.ts";
import { isSolana } from "../core/networks.ts";
import type { Offered, Paywall } from "../core/paywall.ts";
import type { Rooms } from "../core/rooms.ts";
import { transferOf } from "../core/terms.ts";
import { PAYMENT_IDENTIFIER } from "../core/x402.ts";
import { SCRIPT_HASH, STYLE_HASH } from "./built.ts";
import type { Way } from "./data.ts";
import { pageOf } from "./html.ts";
import { isForPeople, VARY } from "./negotiate.ts";
import { networkOf } from "./words.ts";

/** `blob:` is the answer that was paid for, `data:` the logo and the wallets' icons. */
const POLICY = [
  "default-src 'none'",
  `script-src '${SCRIPT_HASH}'`,
  `style-src '${STYLE_HASH}'`,
  "connect-src 'self'",
  "img-src data: blob:",
  "media-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
const FIELDS = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  // Wallets that open a window of their own keep it.
  "cross-origin-opener-policy": "same-origin-allow-popups",
};

/** Why what was bought before does not do any more. */
const TROUBLES: Record<string, string> = {
  session_ended: "The time that you paid for is over.",
  credits_used_up: "The calls that you paid for are used up.",
};

/** Makes the room; without settings everybody gets the same answer. */
export function makeShow(settings: Paywall | undefined, clock: Clock): Rooms["show"] {
  return function show(request, error) {
    const { offered, members } = error.details;
    if (!settings || !offered) return error;
    const varying = error.withHeaders({ vary: VARY });
    if (!isForPeople(request)) return varying;
    const { accepts, extensions } = offered.required;
    const ways = accepts.map((requirements) => wayOf(requirements, offered));
    const accept = request.headers.get("accept") ?? "";
    const lasts = Boolean(offered.route.session ?? offered.route.credits);
    const identifier = extensions?.[PAYMENT_IDENTIFIER];
    const data = { now: clock(), accept, ways, identifier, lasts };
    const body = pageOf({ offered, ways, data, settings, trouble: TROUBLES[String(members?.reason)] });
    return new GatewayError(error.code, {
      ...varying.details,
      headers: { ...varying.details.headers, ...FIELDS },
      answer: { status: error.status, body, type: "text/html; charset=utf-8" },
    });
  };
}

function wayOf(requirements: Offered["required"]["accepts"][number], { route }: Offered): Way {
  const { scheme, network, asset, extra } = requirements;
  const token = route.offers.find((offer) => offer.network === network && offer.asset.address === asset);
  const { testnet: _, ...known } = networkOf(network);
  return {
    requirements,
    symbol: token?.symbol ?? "tokens",
    decimals: token?.asset.decimals ?? 0,
    ...known,
    payable:
      scheme === "exact" &&
      !isSolana(network) &&
      transferOf(requirements) === "eip3009" &&
      typeof extra?.name === "string",
  };
}
