/** A ledger with many receipts in it, written as the payments' script writes them but all at once. */
import { ledgerKeys } from "../../src/stores/ledger-keys.ts";
import { postJson } from "../bridge/backends.ts";

const DAY_MS = 86_400_000;
const PORTION = 5000;

/** What a seeded receipt is of. */
export type Sold = {
  network: string;
  asset: string;
  decimals: number;
  symbol: string;
  route: string;
  amount: bigint;
};

const USDC = {
  network: "eip155:8453",
  asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
  decimals: 6,
  symbol: "USDC",
};

export const SOLD: Sold[] = [
  { ...USDC, route: "GET /weather", amount: 10_000n },
  { ...USDC, route: "GET /data/:id", amount: 50_000n },
  { ...USDC, route: "POST /v1/messages", amount: 123_456n },
  {
    network: "eip155:137",
    asset: "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
    decimals: 18,
    symbol: "DAI",
    route: "GET /weather",
    amount: 12_345_678_901_234_567_890n,
  },
];

/** The receipt of that number. */
export function soldAt(n: number, sold = SOLD): Sold {
  const one = sold[n % sold.length];
  if (!one) throw new Error("nothing is sold");
  return one;
}

/** Every hundredth is still owed. */
export const isOwed = (n: number) => n % 100 === 99;

/** Writes so many receipts of a day (by its number), evenly over it; they are of `sold` in turn. */
export async function seedLedger(
  redis: { url: string; token: string },
  prefix: string,
  day: number,
  many: number,
  sold = SOLD,
): Promise<void> {
  const { list, sums, owed } = ledgerKeys(prefix, day);
  const counts = new Map<string, bigint>();
  const count = (field: string, by: bigint) => counts.set(field, (counts.get(field) ?? 0n) + by);
  for (let first = 0; first < many; first += PORTION) {
    const lines: string[] = [];
    const owing: string[] = [];
    for (let n = first; n < Math.min(many, first + PORTION); n += 1) {
      const { network, asset, decimals, symbol, route, amount } = soldAt(n, sold);
      const group = `${network} ${asset} ${decimals} ${symbol} ${route}`;
      const settled = day * DAY_MS + Math.floor((n * DAY_MS) / many);
      const end = isOwed(n) ? "0 o" : `${settled + 250} d`;
      const spend = n.toString(16).padStart(64, "0");
      const payer = (n % 997).toString(16).padStart(32, "0");
      lines.push(`${settled} ${end} ${spend} ${payer} 0x${spend} ${amount} ${group}`);
      if (isOwed(n)) owing.push(String(settled), `${day} ${n}`);
      count(`n ${group}`, 1n);
      if (!isOwed(n)) count(`d ${group}`, 1n);
      const digits = String(amount);
      for (let end = digits.length, part = 0; end > 0; end -= 9, part += 1)
        count(`${part} ${group}`, BigInt(digits.slice(Math.max(0, end - 9), end)));
    }
    await postJson(redis, "/pipeline", [
      ["RPUSH", list, ...lines],
      ...(owing.length > 0 ? [["ZADD", owed, ...owing]] : []),
    ]);
  }
  await postJson(redis, "/", [
    "HSET",
    sums,
    ...[...counts].flatMap(([field, value]) => [field, String(value)]),
  ]);
}
