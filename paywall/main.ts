/**
 * The page's script: connect, pay, see the answer. Money is the point of its order. A payment is kept before it is sent;
 * while one is kept there is no button that signs another; it goes when its answer is on the screen, or when the gateway
 * says that it failed. One that has expired can be given up by the visitor, in so many words.
 */
import type { PageData, Way } from "../src/paywall/data.ts";
import { decode, keep, kept, type Payment, sign, termsNow } from "./payment.ts";
import { type Outcome, present } from "./present.ts";
import { make, show } from "./show.ts";
import { accountOf, balanceOf, findWallets, switchTo, Trouble, type Wallet, wordsOf } from "./wallet.ts";

const at = (id: string) => document.getElementById(id) as HTMLElement;
const data: PageData = JSON.parse(at("data").textContent ?? "");
const ahead = data.now - Date.now();
/** ms since 1970, by the gateway's clock. */
const now = () => Date.now() + ahead;
/** How often a payment is presented again before the visitor is asked. */
const MOST_TRIES = 8;

let wallets: Wallet[] = [];
let connected: { wallet: Wallet; account: string } | undefined;
let busy = false;

const short = (text: string) => `${text.slice(0, 6)}…${text.slice(-4)}`;
const say = (text: string, isBad = false) => {
  at("said").textContent = text;
  at("said").className = isBad ? "bad" : "";
};
const offer = (...children: Node[]) => at("act").replaceChildren(...children);

function amountOf({ symbol, decimals }: Way, units: bigint): string {
  const digits = String(units).padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  return `${`${digits.slice(0, cut)}.${digits.slice(cut)}`.replace(/\.?0*$/, "")} ${symbol}`;
}
const priceOf = (way: Way) => amountOf(way, BigInt(way.requirements.amount));

/** The way that the visitor has chosen. */
function chosen(): Way | undefined {
  const radio = document.querySelector<HTMLInputElement>("input[name=way]:checked");
  return data.ways[Number(radio?.value ?? data.ways.findIndex(({ payable }) => payable))];
}

/** One thing at a time; what goes wrong is said. */
function button(label: string, work: () => Promise<void>): HTMLButtonElement {
  const made = make("button", { type: "button" }, label);
  made.onclick = () => run(work);
  return made;
}

/** Meanwhile no other way can be chosen: what a button says is what is signed. */
function setBusy(now: boolean): void {
  busy = now;
  if (now) document.body.setAttribute("aria-busy", "true");
  else document.body.removeAttribute("aria-busy");
  document.querySelector("fieldset")?.toggleAttribute("disabled", now);
}

async function run(work: () => Promise<void>): Promise<void> {
  if (busy) return;
  setBusy(true);
  try {
    await work();
  } catch (error) {
    const payment = kept();
    if (payment) offerAgain(payment, "Something went wrong.");
    else say(wordsOf(error), true);
  } finally {
    setBusy(false);
  }
}

/** What can be done while no payment is on its way. */
function offerToPay(): void {
  const way = chosen();
  if (kept() || !way) return;
  if (connected) {
    const { wallet, account } = connected;
    const paying = make(
      "p",
      { id: "account" },
      "Paying from ",
      make("code", { title: account }, short(account)),
    );
    offer(
      paying,
      button(`Pay ${priceOf(way)}`, () => pay(wallet)),
    );
  } else if (wallets.length > 0) {
    offer(
      ...wallets.map((wallet) => {
        const connecting = button(`Connect ${wallet.name}`, () => connect(wallet));
        // EIP-6963 has them as data: URIs; the page's policy lets no other through.
        if (wallet.icon) connecting.prepend(make("img", { src: wallet.icon, alt: "" }));
        return connecting;
      }),
    );
  } else {
    offer(
      make(
        "p",
        {},
        "There is no wallet in this browser. Install one that holds ",
        way.symbol,
        ", or pay with a program.",
      ),
    );
    at("programs").setAttribute("open", "");
  }
}

async function connect(wallet: Wallet): Promise<void> {
  say("Waiting for your wallet…");
  connected = { wallet, account: await accountOf(wallet) };
  say("");
  offerToPay();
  const way = chosen();
  if (way) await checkFunds(wallet, connected.account, way);
}

/** Brings the wallet to the right network, and says what is in it. @throws Trouble when that is too little */
async function checkFunds(wallet: Wallet, account: string, way: Way): Promise<void> {
  await switchTo(wallet, way);
  const balance = await balanceOf(wallet, way, account);
  if (balance === undefined) return;
  const has = `You have ${amountOf(way, balance)} on ${way.network}.`;
  if (balance < BigInt(way.requirements.amount))
    throw new Trouble(`${has} That is too little: the price is ${priceOf(way)}. Nothing was charged.`);
  say(has);
}

async function pay(wallet: Wallet): Promise<void> {
  const way = chosen();
  if (!way || kept()) return;
  say("Waiting for your wallet…");
  const account = await accountOf(wallet);
  connected = { wallet, account };
  offerToPay();
  await checkFunds(wallet, account, way);
  say("Sign the payment in your wallet.");
  const payment = await sign(wallet, account, way, data, now());
  keep(payment);
  await collect(payment);
}

/** Presents the payment until it is clear what has become of it. */
async function collect(payment: Payment): Promise<void> {
  offer();
  for (let tries = 1; ; tries++) {
    say(tries === 1 ? "Paying, and waiting for the answer…" : "Asking again, with the same payment…");
    const outcome = await present(payment, data.accept);
    if (outcome.kind !== "open") return conclude(payment, outcome);
    const { why, seconds } = outcome;
    if (seconds === undefined || tries >= MOST_TRIES) return offerAgain(payment, why);
    say(`${why} The same payment is presented again in ${seconds} s; it is not charged twice.`);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

async function conclude(payment: Payment, outcome: Exclude<Outcome, { kind: "open" }>): Promise<void> {
  if (outcome.kind === "refused") {
    keep(undefined);
    renew(outcome.accepts);
    offerToPay();
    return say(outcome.why, true);
  }
  const { response } = outcome;
  if (outcome.kind === "spent") {
    keep(undefined);
    showReceipt(response);
    offerToPay();
    return say(`${outcome.why} To see it once more is a new purchase.`, true);
  }
  at("answer").hidden = false;
  showReceipt(response);
  try {
    await show(response, at("shown"));
  } catch {
    return offerAgain(payment, "The answer broke off.");
  }
  at("answer").focus();
  if (!outcome.served) return offerAgain(payment, `The service answered with status ${response.status}.`);
  keep(undefined);
  offer(...(data.lasts ? [button("Open it as a page", async () => location.reload())] : []));
  const until = response.headers.get("tollbooth-session-expires");
  // The receipt of an answer that pointed elsewhere stays behind.
  const isPaid = response.redirected || response.headers.has("payment-response");
  const charged = isPaid ? "Paid." : "Nothing was charged.";
  say(until ? `${charged} Open until ${new Date(until).toLocaleString()}.` : charged);
}

/** Only the same payment, or, once it can no longer be settled, giving it up. */
function offerAgain(payment: Payment, why: string): void {
  say(
    `${why} Your payment is kept in this tab. Trying again presents the same one; it is not charged twice.`,
    true,
  );
  const again = button("Try again", () => collect(payment));
  const isOver = now() / 1000 > payment.validBefore;
  const giveUp = button("Give this payment up", async () => {
    keep(undefined);
    offerToPay();
    say("Given up. Look into your wallet before you pay again: it may have been charged.");
  });
  offer(again, ...(isOver ? [giveUp] : []));
}

/** What the gateway asks for now takes the place of what it asked for. */
function renew(accepts: Parameters<typeof termsNow>[1]): void {
  for (const way of data.ways) way.requirements = termsNow(way, accepts) ?? way.requirements;
  showTerms();
}

/** What each way costs, and who is paid. */
function showTerms(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-price]")) {
    const way = element.dataset.price ? data.ways[Number(element.dataset.price)] : chosen();
    if (way) element.textContent = priceOf(way);
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-to]")) {
    const { payTo } = data.ways[Number(element.dataset.to)]?.requirements ?? {};
    if (payTo) Object.assign(element, { title: payTo, textContent: short(payTo) });
  }
}

function showReceipt({ headers }: Response): void {
  const { transaction, network } = decode(headers.get("payment-response")) ?? {};
  if (typeof transaction !== "string" || !transaction) return;
  const explorer = data.ways.find(({ requirements }) => requirements.network === network)?.explorer;
  const id = make("code", { title: transaction }, short(transaction));
  const href = `${explorer}/tx/${encodeURIComponent(transaction)}`;
  const link = make("a", { href, target: "_blank", rel: "noopener noreferrer" }, id);
  at("receipt").replaceChildren("Transaction ", explorer ? link : id);
}

for (const radio of document.querySelectorAll<HTMLInputElement>("input[name=way]"))
  radio.onchange = () => {
    showTerms();
    if (!busy) offerToPay();
  };

const unanswered = kept();
if (unanswered) void run(() => collect(unanswered));
findWallets((found) => {
  wallets = found;
  if (!busy && !connected) offerToPay();
});
