/** Who is an operator, in a browser: for how long, by which token, and by whose form. */
import { expect, it } from "vitest";
import { html } from "../../src/dashboard/html.ts";
import { isOwnForm, makeOperators } from "../../src/dashboard/session.ts";

const TOKEN = "operators-only-0123456789";
const URL_OF = "https://pay.example/__tollbooth";
const HOURS = 3_600_000;

const withCookie = (cookie: string) =>
  new Request(URL_OF, { headers: { cookie: cookie.split(";")[0] ?? "" } });

it("the cookie of an operator ends after twelve hours, and with the token that it was given for", async () => {
  let now = Date.now();
  const operators = makeOperators(TOKEN, () => now);
  const cookie = (await operators.admit(TOKEN)) ?? "";
  const knows = () => operators.knows(withCookie(cookie));
  expect(await knows()).toBe(true);
  expect(await makeOperators(`${TOKEN}-2`, () => now).knows(withCookie(cookie))).toBe(false);
  now += 12 * HOURS - 1000;
  expect(await knows()).toBe(true);
  now += 1000;
  expect(await knows()).toBe(false);
});

it("the cookie that signs out is none that signs in", async () => {
  const operators = makeOperators(TOKEN, Date.now);
  expect(await operators.knows(withCookie(operators.dismiss))).toBe(false);
});

it.each<[says: Record<string, string>, own: boolean]>([
  [{}, true],
  [{ "sec-fetch-site": "same-origin" }, true],
  [{ "sec-fetch-site": "same-site" }, false],
  [{ "sec-fetch-site": "none" }, false],
  [{ "sec-fetch-site": "cross-site", origin: "https://pay.example" }, false],
  [{ origin: "https://pay.example" }, true],
  [{ origin: "https://pay.example.evil.example" }, false],
  [{ origin: "https://evil.example/pay.example" }, false],
  [{ origin: "null" }, false],
])("a form that says %j is taken: %s", (headers, own) => {
  expect(isOwnForm(new Request(URL_OF, { method: "POST", headers }))).toBe(own);
});

it("what comes from outside can end neither a text nor an attribute", () => {
  const evil = `<&>"'`;
  expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
    '<p title="&lt;&amp;&gt;&quot;&#39;">&lt;&amp;&gt;&quot;&#39;</p>',
  );
});
