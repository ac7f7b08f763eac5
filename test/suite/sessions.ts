import { expect, it } from "vitest";
import { payer, testAccount } from "../../dev/accounts.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** Accounts apart from those of other tests: paid time is kept by payer. */
let account = 20;
const someone = () => testAccount(account++).privateKey;

/** Paid time: who is let through, and who is not. */
export function sessionTests(world: () => World): void {
  const call = (path: string, headers: Record<string, string> = {}) =>
    fetch(world().gateway.url + path, { headers });
  const open = async (path: string, privateKey = someone()) => {
    const answer = await world().pay(path, {}, { privateKey });
    return { answer, token: answer.headers.get("tollbooth-session") ?? "", privateKey };
  };
  const endOf = (answer: Response) => Date.parse(answer.headers.get("tollbooth-session-expires") ?? "");

  it("a payment opens it: token and end in the answer, a cookie that scripts cannot read", async () => {
    const { answer, token } = await open("/timed/hour");
    expect(answer.status).toBe(200);
    expect(token).toMatch(/^[0-9a-f]{32}\.[\w-]{43}$/);
    expect(endOf(answer) - Date.now()).toBeGreaterThan(3_500_000);
    expect(endOf(answer) - Date.now()).toBeLessThanOrEqual(3_600_000);
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^tollbooth-session-[0-9a-f]{8}=/);
    expect(cookie).toContain(token);
    expect(cookie).toContain("HttpOnly");
  });

  it("the token lets calls through: one store request, nobody else asked, nothing charged", async () => {
    const { redis, facilitator, upstream } = world();
    const { token } = await open("/timed/hour");
    await world().reset();
    const answer = await call("/timed/hour", { "tollbooth-session": token });
    expect(answer.status).toBe(200);
    expect([redis.requestCount, facilitator.counts.settle, facilitator.counts.verify]).toEqual([1, 0, 0]);
    expect(upstream.requests).toHaveLength(1);
    expect(answer.headers.get("cache-control")).toMatch(/^private/);
    expect(answer.headers.get("tollbooth-session-expires")).not.toBeNull();
    expect(answer.headers.get("payment-response")).toBeNull();
  });

  it("what was bought at one price opens no other: not by token, not by cookie, not by a signature; and is not lost", async () => {
    const { quote, present, facilitator } = world();
    const basic = "/timed/tiers?tier=basic";
    const premium = "/timed/tiers?tier=premium";
    const { answer, token, privateKey } = await open(basic);
    const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
    const [name, value] = cookie.split("=");
    await world().reset();
    const { headers } = await call(premium);
    const [, dearer] = (await open(premium)).answer.headers.get("set-cookie")?.match(/^([^=]+)=/) ?? [];
    expect([headers.has("payment-required"), dearer === name]).toEqual([true, false]);
    await world().reset();
    for (const sent of [{ "tollbooth-session": token }, { cookie }, { cookie: `${dearer}=${value}` }]) {
      expect((await call(premium, sent)).status).toBe(402);
      const still = sent.cookie === undefined || sent.cookie === cookie ? 200 : 402;
      expect((await call(basic, sent)).status).toBe(still);
    }
    const fresh = await sign(await quote(premium), { privateKey });
    expect([(await present(basic, fresh)).status, facilitator.counts.settle]).toEqual([402, 0]);
    expect([(await present(premium, fresh)).status, facilitator.counts.settle]).toEqual([200, 1]);
    // A rule that is free asks nobody, and hands out nothing.
    const free = await call("/timed/tiers?tier=trial");
    expect([free.status, free.headers.get("tollbooth-session")]).toEqual([200, null]);
    expect((await call(basic, { "tollbooth-session": token })).status).toBe(200);
  });

  it("the cookie does too, and neither reaches the upstream", async () => {
    const { answer, token } = await open("/timed/hour");
    const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
    const seen = await call("/timed/hour", { cookie: `a=1; ${cookie}; b=2` });
    expect(seen.status).toBe(200);
    const headers = (await seen.json()) as Record<string, string>;
    expect(headers.cookie).toBe("a=1; b=2");
    const byHeader = await call("/timed/hour", { "tollbooth-session": token });
    expect(await byHeader.text()).not.toContain(token);
  });

  it("the payer passes with a freshly signed payment: one store request, not charged", async () => {
    const { redis, facilitator } = world();
    const { privateKey } = await open("/timed/hour");
    await world().reset();
    const again = await world().pay("/timed/hour", {}, { privateKey });
    expect(again.status).toBe(200);
    expect(again.headers.get("payment-response")).toBeNull();
    expect([redis.requestCount, facilitator.counts.settle]).toEqual([1, 0]);
  });

  it("a payment that was settled does not pass again: whoever reads the chain could present it", async () => {
    const { quote, present, upstream } = world();
    const payment = await sign(await quote("/timed/hour"), { privateKey: someone() });
    expect((await present("/timed/hour", payment)).status).toBe(200);
    await world().reset();
    const again = await present("/timed/hour", payment);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: "payment_already_used" });
    expect(upstream.requests).toHaveLength(0);
  });

  it.each([
    ["another route", "/timed/second"],
    ["a group of routes", "/club/a"],
  ])("opens no door to %s", async (_, path) => {
    const { token, privateKey } = await open("/timed/hour");
    const answer = await call(path, { "tollbooth-session": token });
    expect(answer.status).toBe(402);
    expect(await answer.json()).toMatchObject({ code: "payment_required", reason: "session_ended" });
    const { facilitator } = world();
    facilitator.reset();
    expect((await world().pay(path, {}, { privateKey })).status).toBe(200);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("opens every route of its group", async () => {
    const { token } = await open("/club/a");
    expect((await call("/club/b", { "tollbooth-session": token })).status).toBe(200);
  });

  it("cannot be guessed, cut or glued", async () => {
    const { token } = await open("/timed/hour");
    const { token: other } = await open("/timed/hour");
    const [id, secret] = token.split(".");
    const wrong = [
      `${id}.${other.split(".")[1]}`,
      `${id}.`,
      `${id}`,
      `.${secret}`,
      `${"0".repeat(32)}.${secret}`,
      "x",
    ];
    for (const token of wrong) {
      expect((await call("/timed/hour", { "tollbooth-session": token })).status).toBe(402);
    }
  });

  it("ends when the paid time is over, for the token and for the payer", async () => {
    const { facilitator } = world();
    const { token, privateKey } = await open("/timed/second");
    const status = async () => (await call("/timed/second", { "tollbooth-session": token })).status;
    expect(await status()).toBe(200);
    await expect.poll(status, { timeout: 5000 }).toBe(402);
    facilitator.reset();
    expect((await world().pay("/timed/second", {}, { privateKey })).status).toBe(200);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("five payments at once add up: no paid time is lost, and each token is good", async () => {
    const { quote, present } = world();
    const privateKey = someone();
    const terms = await quote("/club/a");
    const payments = await Promise.all(Array.from({ length: 5 }, () => sign(terms, { privateKey })));
    const answers = await Promise.all(payments.map((payment) => present("/club/a", payment)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const paid = answers.filter((answer) => answer.headers.has("payment-response"));
    const last = Math.max(...answers.map(endOf));
    expect(Math.round((last - Date.now()) / 3_600_000)).toBe(paid.length);
    for (const answer of paid) {
      const token = answer.headers.get("tollbooth-session") ?? "";
      expect(endOf(await call("/club/a", { "tollbooth-session": token }))).toBe(last);
    }
  });

  it("is there although the upstream fails: the error carries the token and the receipt", async () => {
    const { answer, token } = await open("/timed/dead");
    expect(answer.status).toBe(502);
    expect(answer.headers.get("payment-response")).not.toBeNull();
    expect((await call("/timed/dead", { "tollbooth-session": token })).status).toBe(502);
  });

  it("after-response: a failed answer opens and costs nothing", async () => {
    const { facilitator } = world();
    const failed = await open("/timed/late/500");
    expect(failed.answer.status).toBe(500);
    expect([failed.token, facilitator.counts.settle]).toEqual(["", 0]);
    const good = await open("/timed/late/200");
    expect((await call("/timed/late/200", { "tollbooth-session": good.token })).status).toBe(200);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("a payment adds its time once, and brings its token once, however often it is presented", async () => {
    const { quote, present, facilitator } = world();
    const privateKey = someone();
    const terms = await quote("/timed/dead");
    const payment = await sign(terms, { privateKey });
    const first = await present("/timed/dead", payment);
    expect(first.headers.get("tollbooth-session")).not.toBeNull();
    for (let i = 0; i < 3; i++) {
      let again: Response | undefined;
      await expect
        .poll(async () => {
          again = await present("/timed/dead", payment);
          return again.status;
        })
        .toBe(502);
      // Whoever reads the settled payment on the chain could present it: no token for them.
      expect(again?.headers.get("tollbooth-session")).toBeNull();
      expect(again?.headers.get("set-cookie")).toBeNull();
      expect(again && endOf(again)).toBe(endOf(first));
    }
    // Who has the key proves it, and is not charged.
    expect((await present("/timed/dead", await sign(terms, { privateKey }))).status).toBe(502);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("money that moved while the store went away is not lost: the payer passes once the store is back", async () => {
    const { redis, quote, present, facilitator } = world();
    const privateKey = someone();
    const terms = await quote("/club/a");
    redis.set("error-500", {
      times: 2,
      when: ({ commands }) => commands.length === 1 && JSON.stringify(commands[0]?.[3]).includes(":sess:"),
    });
    const answer = await present("/club/a", await sign(terms, { privateKey }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("payment-response")).not.toBeNull();
    // A token is given only when it is good.
    expect(answer.headers.get("tollbooth-session")).toBeNull();
    await answer.text();
    const sessions = () =>
      redis.requests.filter(({ commands }) => commands[0]?.[3]?.includes(":sess:")).length;
    await expect.poll(sessions, { timeout: 8000 }).toBeGreaterThanOrEqual(3);
    const fresh = await present("/club/a", await sign(terms, { privateKey }));
    expect([fresh.status, fresh.headers.get("payment-response")]).toEqual([200, null]);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("a wallet with code, which cannot prove itself here, has its token even if the store was away for a moment", async () => {
    const { redis, quote, present, facilitator } = world();
    facilitator.on.verify = ({ paymentPayload }) => ({
      json: { isValid: true, payer: paymentPayload.payload.authorization.from },
    });
    redis.set("error-500", {
      times: 1,
      when: ({ commands }) => commands.length === 1 && JSON.stringify(commands[0]?.[3]).includes(":sess:"),
    });
    const signature = (real: string) => `${real}00`;
    const answer = await present(
      "/club/a",
      await sign(await quote("/club/a"), { privateKey: someone(), signature }),
    );
    expect(answer.status).toBe(200);
    const token = answer.headers.get("tollbooth-session") ?? "";
    const status = async () => (await call("/club/a", { "tollbooth-session": token })).status;
    await expect.poll(status, { timeout: 8000 }).toBe(200);
  });

  it("a token is good whatever comes beside it", async () => {
    const { quote, present, facilitator } = world();
    const { token } = await open("/timed/hour");
    const stale = await sign(await quote("/timed/second"), { privateKey: someone() });
    await world().reset();
    const headers = { "tollbooth-session": token };
    expect((await present("/timed/hour", stale, { headers })).status).toBe(200);
    expect((await present("/timed/hour", "rubbish", { headers })).status).toBe(200);
    expect(facilitator.counts.settle).toBe(0);
  });

  it("the store knows no token and no payer in the clear", async () => {
    const { redis } = world();
    const { token } = await open("/timed/hour", payer.privateKey);
    const secret = token.split(".")[1] ?? "none";
    await call("/timed/hour", { "tollbooth-session": token });
    const sent = JSON.stringify(
      redis.requests.filter(({ commands }) => JSON.stringify(commands).includes(":sess:")),
    );
    expect(sent).toContain("test:sess:");
    expect(sent).not.toContain(secret);
  });
}
