/** Puts the steps of a paid call into words. */
import { plain } from "../src/cli/terminal.ts";
import type { Balances } from "./balances.ts";
import type { Offer, PayStep } from "./pay-wire.ts";
import { formatAmount, TOKEN } from "./token.ts";

/** The lines to print for a step; nothing in them does more than stand there. */
export function describe(step: PayStep): string[] {
  return linesOf(step).map(plain);
}

/** Asks whether an offer is to be paid. What calls itself by a token's name need not be that token, so its address is told. */
export function questionFor({ amount, token, asset, network, payTo }: Offer): string {
  const named = token === undefined ? "" : ` ("${token}")`;
  return plain(`Pay ${amount} units of ${asset}${named} on ${network} to ${payTo}? [y/N] `);
}

function linesOf(step: PayStep): string[] {
  switch (step.step) {
    case "offer": {
      const { offer } = step;
      const known = offer.asset.toLowerCase() === TOKEN.address.toLowerCase();
      const dollars = known ? `$${formatAmount(BigInt(offer.amount))} = ` : "";
      return block("402 Payment Required", {
        price: `${dollars}${offer.amount} units of ${offer.token ?? "token"} ${offer.asset}`,
        network: `${offer.network}, scheme ${offer.scheme}`,
        "pay to": offer.payTo,
      });
    }
    case "balances":
      return describeBalances(step.when, step.balances);
    case "signed": {
      const { from, to, value, validBefore, nonce } = step.authorization;
      const until = new Date(Number(validBefore) * 1000).toISOString();
      return block("Signed", { from, to, value, "valid before": `${validBefore} (${until})`, nonce });
    }
    case "answer": {
      const { status, location, body, truncated } = step.answer;
      const where = location === undefined ? "" : ` -> ${location} (not followed)`;
      const text = body.trimEnd() + (truncated ? " ..." : "");
      return [`Answer ${status}${where}`, ...(text ? text.split("\n").map((line) => `  ${line}`) : [])];
    }
    case "receipt": {
      const { success, transaction, network, payer, amount: charged, errorReason } = step.receipt;
      return block("Receipt", { success, charged, transaction, network, payer, reason: errorReason });
    }
    case "deferred":
      return [`Paid later: ${step.reason}`];
    case "refused":
      return [`Payment refused: ${step.reason}`];
  }
}

function describeBalances(when: string, balances: Balances): string[] {
  if (balances.payer === null || balances.payTo === null)
    return [`Balances ${when}: unknown (no chain of that network at the RPC URL)`];
  return block(`Balances ${when}`, {
    payer: formatAmount(balances.payer),
    "pay to": formatAmount(balances.payTo),
  });
}

function block(title: string, fields: Record<string, string | boolean | undefined>): string[] {
  const rows = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(13)}${value}`)];
}
