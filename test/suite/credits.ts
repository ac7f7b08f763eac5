import { expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** Accounts apart from those of other tests: credits are kept by payer. */
let account = 600;
const someone = () => testAccount(account++).privateKey;
const TOKEN = "tollbooth-session";
const LEFT = "x-tollbooth-credits-remaining";

/** Prepaid credits: how many calls a payment buys, and what costs none. */
export function creditTests(world: () => World): void {
  const call = (path: string, headers: Record<string, string> = {}) =>
    fetch(world().gateway.url + path, { headers });
  const buy = async (path: string, privateKey = someone(), headers: Record<string, string> = {}) => {
    const answer = await world().pay(path, { headers }, { privateKey });
    return { answer, token: answer.headers.get(TOKEN) ?? "", privateKey };
  };
  const leftOf = (answer: Response) => Number(answer.headers.get(LEFT) ?? Number.NaN);
  const by = (token: string) => ({ [TOKEN]: token });
  const isAbout = (key: string) => (request: { commands: unknown }) =>
    JSON.stringify(request.commands).includes(key);

  it("one payment buys so many calls: each draws one, and the one after the last is 402", async () => {
    const { facilitator, upstream } = world();
    const { answer, token } = await buy("/credits/three");
    expect([answer.status, leftOf(answer)]).toEqual([200, 2]);
    expect(token).toMatch(/^[0-9a-f]{32}\.[\w-]{43}$/);
    expect(answer.headers.get("set-cookie")).toContain(token);
    const days = (Date.parse(answer.headers.get(`${TOKEN}-expires`) ?? "") - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);
    for (const left of [1, 0]) {
      const next = await call("/credits/three", by(token));
      expect([next.status, leftOf(next)]).toEqual([200, left]);
      expect(next.headers.get("payment-response")).toBeNull();
      expect(next.headers.get("cache-control")).toMatch(/^private/);
      expect(next.headers.get(`${TOKEN}-expires`)).not.toBeNull();
    }
    const over = await call("/credits/three", by(token));
    expect(over.status).toBe(402);
    expect(over.headers.get("payment-required")).not.toBeNull();
    expect(await over.json()).toMatchObject({ code: "payment_required", reason: "credits_used_up" });
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 3]);
  });

  it("the payer draws with a freshly signed payment, and is charged again only when none is left", async () => {
    const { facilitator } = world();
    const { privateKey, token } = await buy("/credits/three");
    for (const left of [1, 0]) {
      const { answer } = await buy("/credits/three", privateKey);
      expect([answer.status, leftOf(answer), answer.headers.has("payment-response")]).toEqual([
        200,
        left,
        false,
      ]);
    }
    expect(facilitator.counts.settle).toBe(1);
    const { answer } = await buy("/credits/three", privateKey);
    expect([answer.status, leftOf(answer), answer.headers.has("payment-response")]).toEqual([200, 2, true]);
    expect(facilitator.counts.settle).toBe(2);
    // The first token is good again.
    expect(leftOf(await call("/credits/three", by(token)))).toBe(1);
  });

  it("a price of one call is that call, and leaves none", async () => {
    const { answer, token } = await buy("/credits/one");
    expect([answer.status, leftOf(answer)]).toEqual([200, 0]);
    expect((await call("/credits/one", by(token))).status).toBe(402);
  });

  it("a draw is one store request of one command, by token and as the payer", async () => {
    const { redis, facilitator, quote, present } = world();
    const { token, privateKey } = await buy("/credits/eleven");
    const fresh = await sign(await quote("/credits/eleven"), { privateKey });
    for (const ask of [() => call("/credits/eleven", by(token)), () => present("/credits/eleven", fresh)]) {
      await world().reset();
      expect((await ask()).status).toBe(200);
      expect([redis.requestCount, redis.commandCount]).toEqual([1, 1]);
      expect([facilitator.counts.verify, facilitator.counts.settle]).toEqual([0, 0]);
    }
  });

  it("buying is four store requests, a call that gives its credit back two, of one command each", async () => {
    const { redis } = world();
    await world().reset();
    const { answer, token } = await buy("/pack/status/200");
    await answer.text();
    await expect.poll(() => redis.requestCount).toBe(4);
    await world().reset();
    expect((await call("/pack/status/500", by(token))).status).toBe(500);
    expect([redis.requestCount, redis.commandCount]).toEqual([2, 2]);
  });

  it("a token and a payment in one call draw one credit, whoever of two payers they are of", async () => {
    const { facilitator, pay } = world();
    const [one, other] = [await buy("/credits/eleven"), await buy("/credits/eleven")];
    facilitator.reset();
    const headers = by(one.token);
    const own = await pay("/credits/eleven", { headers: {} }, { privateKey: one.privateKey });
    expect(leftOf(own)).toBe(9);
    const payment = await sign(await world().quote("/credits/eleven"), { privateKey: one.privateKey });
    expect(leftOf(await world().present("/credits/eleven", payment, { headers }))).toBe(8);
    const foreign = await sign(await world().quote("/credits/eleven"), { privateKey: other.privateKey });
    expect(leftOf(await world().present("/credits/eleven", foreign, { headers }))).toBe(7);
    expect(leftOf(await call("/credits/eleven", by(other.token)))).toBe(9);
    expect(facilitator.counts.settle).toBe(0);
  });

  it("a top-up is charged and adds, whatever is left; without a payment it is asked for one", async () => {
    const { facilitator, upstream } = world();
    const { token, privateKey } = await buy("/credits/three");
    const topUp = { "x-tollbooth-top-up": "1" };
    const asked = await call("/credits/three", { ...by(token), ...topUp });
    expect(asked.status).toBe(402);
    expect(asked.headers.get("payment-required")).not.toBeNull();
    // There are credits left: nothing is wrong with the token.
    expect(await asked.json()).not.toHaveProperty("reason");
    const { answer } = await buy("/credits/three", privateKey, { ...by(token), ...topUp });
    expect([answer.status, leftOf(answer), answer.headers.has("payment-response")]).toEqual([200, 4, true]);
    expect(facilitator.counts.settle).toBe(2);
    expect(leftOf(await call("/credits/three", by(token)))).toBe(3);
    for (const { headers } of upstream.requests) expect(headers).not.toHaveProperty("x-tollbooth-top-up");
  });

  it("the token never goes upstream, as a header or a cookie, and the upstream cannot speak of credits", async () => {
    const { answer, token } = await buy("/credits/three");
    const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
    const seen = await call("/credits/three", { cookie: `a=1; ${cookie}`, [LEFT]: "99" });
    const text = await seen.text();
    expect(JSON.parse(text)).toMatchObject({ cookie: "a=1" });
    expect(text).not.toContain(token);
    expect(text).not.toContain(LEFT);
    expect(await (await call("/credits/three", by(token))).text()).not.toContain(token);
  });

  it.each([
    ["another route", "/credits/eleven"],
    ["a group of routes", "/pack/status/200"],
    ["paid time", "/timed/second"],
  ])("opens no door to %s", async (_, path) => {
    const { token, privateKey } = await buy("/credits/three");
    expect((await call(path, by(token))).status).toBe(402);
    const { facilitator } = world();
    facilitator.reset();
    expect((await world().pay(path, {}, { privateKey })).status).toBe(200);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("is drawn by every route of its group", async () => {
    const { token } = await buy("/pack/status/200");
    const other = await call("/pack/status/404", by(token));
    expect([other.status, leftOf(other)]).toEqual([404, 3]);
  });

  it("cannot be drawn by a token that is guessed, cut or glued", async () => {
    const [one, other] = [await buy("/credits/three"), await buy("/credits/three")];
    const [id, secret] = one.token.split(".");
    const glued = `${id}.${other.token.split(".")[1]}`;
    for (const wrong of [glued, `${id}.`, `${"0".repeat(32)}.${secret}`, "x"]) {
      expect((await call("/credits/three", by(wrong))).status).toBe(402);
    }
    expect(leftOf(await call("/credits/three", by(one.token)))).toBe(1);
  });

  it("a payment that was settled draws nothing and opens nothing: whoever reads the chain could present it", async () => {
    const { quote, present, upstream } = world();
    const { token, privateKey } = await buy("/credits/eleven");
    const payment = await sign(await quote("/credits/eleven"), { privateKey });
    // Charged, because it tops up.
    const bought = await present("/credits/eleven", payment, { headers: { "x-tollbooth-top-up": "1" } });
    expect(leftOf(bought)).toBe(20);
    await bought.text();
    await world().reset();
    for (const headers of [{}, { "x-tollbooth-top-up": "1" }]) {
      const copied = await present("/credits/eleven", payment, { headers });
      expect([copied.status, copied.headers.get(TOKEN)]).toEqual([409, null]);
    }
    expect(upstream.requests).toHaveLength(0);
    expect(leftOf(await call("/credits/eleven", by(token)))).toBe(19);
  });

  it.each([
    ["answers 500", "/pack/status/500", 500],
    ["turns the gateway away", "/pack/status/401", 401],
    ["cannot be reached", "/pack/dead", 502],
    ["does not answer in time", "/pack/hang", 504],
  ])("an upstream that %s costs no credit, by token and as the payer", async (_, path, status) => {
    const { facilitator } = world();
    const { token, privateKey } = await buy("/pack/status/200");
    const failed = await call(path, by(token));
    expect([failed.status, leftOf(failed)]).toEqual([status, 4]);
    const again = await world().pay(path, {}, { privateKey });
    expect([again.status, leftOf(again)]).toEqual([status, 4]);
    expect(facilitator.counts.settle).toBe(1);
    expect(leftOf(await call("/pack/status/200", by(token)))).toBe(3);
  });

  it("an answer that breaks off after its headers has used its credit", async () => {
    const { token } = await buy("/pack/status/200");
    const broken = await call("/pack/break", by(token));
    expect([broken.status, leftOf(broken)]).toEqual([200, 3]);
    await expect(broken.text()).rejects.toThrow();
    expect(leftOf(await call("/pack/status/200", by(token)))).toBe(2);
  });

  it("a client that leaves before the headers has its credit back", async () => {
    const { redis, upstream, gateway } = world();
    const { token } = await buy("/pack/status/200");
    await world().reset();
    const leaving = new AbortController();
    const asking = fetch(`${gateway.url}/pack/hang`, { headers: by(token), signal: leaving.signal });
    asking.catch(() => undefined);
    await expect.poll(() => upstream.requests.length).toBe(1);
    leaving.abort();
    await expect.poll(() => redis.requests.filter(isAbout(":draw:")).length, { timeout: 5000 }).toBe(2);
    await world().reset();
    expect(leftOf(await call("/pack/status/200", by(token)))).toBe(3);
  });

  it("a wallet with code draws by its token, and is charged for a payment that cannot be checked here", async () => {
    const { facilitator, pay } = world();
    const tampering = { privateKey: someone(), signature: (real: string) => `${real}00` };
    facilitator.on.verify = ({ paymentPayload }) => ({
      json: { isValid: true, payer: paymentPayload.payload.authorization.from },
    });
    const bought = await pay("/credits/three", {}, tampering);
    expect([bought.status, leftOf(bought)]).toEqual([200, 2]);
    expect(leftOf(await call("/credits/three", by(bought.headers.get(TOKEN) ?? "")))).toBe(1);
    const again = await pay("/credits/three", {}, tampering);
    expect([leftOf(again), again.headers.has("payment-response"), facilitator.counts.settle]).toEqual([
      3,
      true,
      2,
    ]);
  });

  it("the call that pays and is not served stays owed by its payment; the other calls are there", async () => {
    const { quote, present, facilitator } = world();
    const privateKey = someone();
    const payment = await sign(await quote("/pack/dead"), { privateKey });
    const first = await present("/pack/dead", payment);
    expect([first.status, leftOf(first)]).toEqual([502, 4]);
    const token = first.headers.get(TOKEN) ?? "";
    await expect.poll(async () => (await present("/pack/dead", payment)).status).toBe(502);
    await expect
      .poll(async () => {
        const again = await present("/pack/dead", payment);
        return [again.status, leftOf(again), again.headers.get(TOKEN)];
      })
      .toEqual([502, 4, null]);
    expect(leftOf(await call("/pack/status/200", by(token)))).toBe(3);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("after-response: a failed answer costs and brings nothing, a good one brings the rest", async () => {
    const { facilitator } = world();
    const failed = await buy("/credits/late/500");
    expect([failed.answer.status, failed.token, facilitator.counts.settle]).toEqual([500, "", 0]);
    const good = await buy("/credits/late/200");
    expect([good.answer.status, leftOf(good.answer), facilitator.counts.settle]).toEqual([200, 4, 1]);
    const drawn = await call("/credits/late/500", by(good.token));
    expect([drawn.status, leftOf(drawn)]).toEqual([500, 4]);
  });

  it("a call that a rate limit refuses costs no credit", async () => {
    const { redis } = world();
    const client = () => ({ "x-client": crypto.randomUUID() });
    const { token, privateKey } = await buy("/credits/limited", someone(), client());
    const crowded = client();
    expect(leftOf(await call("/credits/limited", { ...by(token), ...crowded }))).toBe(3);
    const refusals = [
      () => call("/credits/limited", { ...by(token), ...crowded }),
      () => world().pay("/credits/limited", { headers: crowded }, { privateKey }),
    ];
    for (const ask of refusals) {
      redis.resetCounters();
      expect((await ask()).status).toBe(429);
      await expect.poll(() => redis.requests.filter(isAbout(":draw:")).length).toBe(2);
    }
    await world().reset();
    expect(leftOf(await call("/credits/limited", { ...by(token), ...client() }))).toBe(2);
  });

  it("40 calls at once on 10 credits are 10 answers, and the upstream is asked as often", async () => {
    const { upstream } = world();
    const { token } = await buy("/credits/eleven");
    await world().reset();
    const answers = await Promise.all(Array.from({ length: 40 }, () => call("/credits/eleven", by(token))));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(10).fill(200), ...Array(30).fill(402)]);
    const left = answers.filter(({ status }) => status === 200).map(leftOf);
    expect(left.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(upstream.requests).toHaveLength(10);
  });

  it("end at their time, for the token and for the payer; a later payment begins anew", async () => {
    const { facilitator } = world();
    const { token, privateKey } = await buy("/credits/brief");
    const status = async () => (await call("/credits/brief", by(token))).status;
    await expect.poll(status, { timeout: 5000 }).toBe(402);
    facilitator.reset();
    const { answer } = await buy("/credits/brief", privateKey);
    expect([answer.status, leftOf(answer), facilitator.counts.settle]).toEqual([200, 4, 1]);
  });

  it.each(["drop-before", "drop-after", "hang-after"] as const)(
    "a draw whose reply is lost (%s) costs nothing: 503, and the credit is there",
    async (fault) => {
      const { redis, upstream } = world();
      const { token } = await buy("/credits/eleven");
      await world().reset();
      redis.set(fault, { times: 1, when: isAbout(":cred:") });
      expect((await call("/credits/eleven", by(token))).status).toBe(503);
      expect(upstream.requests).toHaveLength(0);
      await expect.poll(() => redis.requests.filter(isAbout(":draw:")).length).toBe(2);
      await world().reset();
      expect(leftOf(await call("/credits/eleven", by(token)))).toBe(9);
    },
  );

  it("a credit is given back although the store is away at first", async () => {
    const { redis } = world();
    const { token } = await buy("/pack/status/200");
    redis.set("error-500", {
      times: 1,
      when: ({ commands }) => commands[0]?.[2] === "2" && isBack(commands[0]),
    });
    expect((await call("/pack/status/500", by(token))).status).toBe(500);
    await expect
      .poll(async () => redis.requests.filter(({ commands }) => isBack(commands[0] ?? [])).length)
      .toBe(2);
    await world().reset();
    expect(leftOf(await call("/pack/status/200", by(token)))).toBe(3);
  });

  it("money that moved while the store went away is not lost: the credits are there once it is back", async () => {
    const { redis, quote, present, facilitator } = world();
    const privateKey = someone();
    const terms = await quote("/pack/status/200");
    redis.set("error-500", {
      times: 2,
      when: ({ commands }) => commands.length === 1 && String(commands[0]?.[3]).includes(":cred:"),
    });
    const answer = await present("/pack/status/200", await sign(terms, { privateKey }));
    expect([answer.status, answer.headers.has("payment-response")]).toEqual([200, true]);
    // A token is given only when it is good, and a number only when it is known.
    expect([answer.headers.get(TOKEN), answer.headers.get(LEFT)]).toEqual([null, null]);
    await answer.text();
    const grants = () => redis.requests.filter(({ commands }) => commands[0]?.[3]?.includes(":cred:")).length;
    await expect.poll(grants, { timeout: 8000 }).toBe(3);
    const fresh = await present("/pack/status/200", await sign(terms, { privateKey }));
    expect([fresh.status, leftOf(fresh), fresh.headers.has("payment-response")]).toEqual([200, 3, false]);
    expect(facilitator.counts.settle).toBe(1);
  });
}

/** Giving back names the draw first. */
function isBack(command: readonly string[]): boolean {
  return String(command[3]).includes(":draw:");
}
