/** The page that people see on a 402: what the seller says on it. */
import type { Paywall } from "../core/paywall.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawConfig } from "./schema.ts";

const LOGO = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml);base64,[A-Za-z0-9+/]+=*$/;

/** What the page says of the seller; undefined where people get what programs get. */
export function checkPaywall({ gateway }: RawConfig, faults: Fault[]): Paywall | undefined {
  const { paywall = true } = gateway ?? {};
  if (paywall === false) return undefined;
  const { name, logo, testnetFaucet, terms } = paywall === true ? {} : paywall;
  if (logo !== undefined && !isUnset(logo) && !LOGO.test(logo)) {
    const fix = "write data:image/png;base64,… (or jpeg, gif, webp, avif, svg+xml)";
    faults.push({ path: "gateway.paywall.logo", message: "is not an image in a data: URL", fix });
  }
  for (const [field, url] of Object.entries({ testnetFaucet, terms })) {
    if (url === undefined || isUnset(url) || (/^https?:\/\//i.test(url) && URL.canParse(url))) continue;
    const fix = "write https://…";
    faults.push({ path: `gateway.paywall.${field}`, message: `"${url}" is not a URL`, fix });
  }
  return { name, logo, testnetFaucet, terms };
}
