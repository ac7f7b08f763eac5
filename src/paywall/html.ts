/**
 * The page's HTML. Everything that comes from outside (the URL, descriptions, names) goes through the template's escaping,
 * or through `toScriptText` into the data block, which is no script.
 */
import { html, raw } from "hono/html";
import type { Offered, Paywall } from "../core/paywall.ts";
import { SCRIPT, STYLE } from "./built.ts";
import type { PageData, Way } from "./data.ts";
import { amountOf, boughtWith, networkOf } from "./words.ts";

type Shown = {
  offered: Offered;
  ways: Way[];
  data: PageData;
  settings: Paywall;
  trouble: string | undefined;
};

/** Nothing in it can end the element or begin a comment in it. */
function toScriptText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const short = (address: string) => `${address.slice(0, 6)}…${address.slice(-4)}`;
const priceOf = ({ requirements, symbol, decimals }: Way) =>
  `${amountOf(requirements.amount, decimals)} ${symbol}`;
const networkIn = ({ network, requirements }: Way) =>
  html`${network}${networkOf(requirements.network).testnet ? html` <mark>test network</mark>` : ""}`;

/** The document. */
export function pageOf({ offered, ways, data, settings, trouble }: Shown): string {
  const { resource } = offered.required;
  const { name, logo, terms, testnetFaucet } = settings;
  const payable = ways.filter((way) => way.payable);
  const first = payable[0] ?? ways[0];
  const price = first ? priceOf(first) : "";
  const faucet = testnetFaucet && ways.some((way) => networkOf(way.requirements.network).testnet);
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>${price} – ${name ?? resource.url}</title>
<style>${raw(STYLE)}</style>
<main>
${logo || name ? html`<header>${logo ? html`<img src="${logo}" alt="">` : ""}<span>${name}</span></header>` : ""}
<h1><span data-price>${price}</span> <small>${boughtWith(offered.route)}</small></h1>
${resource.description ? html`<p>${resource.description}</p>` : ""}
<dl><dt>For<dd>${resource.url}
${ways.length === 1 && first ? html`<dt>On<dd>${networkIn(first)}<dt>To<dd>${receiver(first, 0)}` : ""}</dl>
${ways.length > 1 ? choice(ways) : ""}
<div id="act"><noscript><p>Paying here takes JavaScript and a wallet.</p></noscript></div>
${payable.length === 0 ? html`<p>This cannot be paid from a browser: it needs an x402 client.</p>` : ""}
<p id="said" role="status"${trouble ? raw(' class="bad"') : ""}>${trouble}</p>
<section id="answer" tabindex="-1" aria-labelledby="title" hidden><h2 id="title">The answer</h2><div id="shown"></div></section>
<p id="receipt"></p>
<details id="programs"${payable.length === 0 ? raw(" open") : ""}><summary>Pay with a program</summary>
<p>Clients of <a href="https://x402.org" rel="noreferrer">x402</a> pay by themselves. They read the header PAYMENT-REQUIRED:</p>
<pre>curl -i '${resource.url.replaceAll("'", "%27")}'</pre></details>
<footer>${faucet ? html`<a href="${testnetFaucet}" target="_blank" rel="noopener">Get test money</a> ` : ""}${
    terms ? html`<a href="${terms}" target="_blank" rel="noopener">Terms</a>` : ""
  }</footer>
</main>
<script type="application/json" id="data">${raw(toScriptText(data))}</script>
<script>${raw(SCRIPT)}</script>
</html>`;
  return String(page);
}

function receiver({ requirements: { payTo } }: Way, i: number) {
  return html`<code data-to="${i}" title="${payTo}">${short(payTo)}</code>`;
}

/** Several ways to pay: those that a wallet in the browser can pay can be chosen. */
function choice(ways: Way[]) {
  const best = ways.findIndex(({ payable }) => payable);
  const rows = ways.map((way, i) => {
    const terms = html`<b data-price="${i}">${priceOf(way)}</b> on ${networkIn(way)} to ${receiver(way, i)}`;
    const checked = i === best ? raw(" checked") : "";
    return way.payable
      ? html`<label><input type="radio" name="way" autocomplete="off" value="${i}"${checked}><span>${terms}</span></label>`
      : html`<label><input type="radio" disabled><span>${terms}, needs an x402 client</span></label>`;
  });
  return html`<fieldset><legend>Ways to pay</legend>${rows}</fieldset>`;
}
