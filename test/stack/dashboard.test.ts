/** The operators' page in a real Chromium, over 100,000 receipts of a day and the counts of 90 days. */
import type { Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBrowse } from "../fixtures/browser.ts";
import { ADMIN_TOKEN } from "../fixtures/tollbooth.config.ts";
import { startWorld, type World } from "../fixtures/world.ts";
import { SOLD, seedLedger } from "../store/ledger-seed.ts";
import { seededRoutes, seedStats } from "../store/stats-seed.ts";

const MANY = 100_000;
const DAY_MS = 86_400_000;
const DAYS = 90;
const ROUTES = 20;
const { CHROMIUM = "/usr/bin/chromium" } = process.env;
const HOSTILE = 'GET /<img src=x onerror="document.title=1">';

describe.runIf(canBrowse)("the operators' page", () => {
  let world: World;
  let browser: Awaited<ReturnType<typeof chromium.launch>>;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    world = await startWorld("node");
    const redis = { url: world.vars.REDIS_URL ?? "", token: world.vars.REDIS_TOKEN ?? "" };
    const today = Math.floor(Date.now() / DAY_MS);
    const hostile = SOLD.map((sold, i) => (i === 1 ? { ...sold, route: HOSTILE } : sold));
    await seedLedger(redis, "test", today - 1, MANY, hostile);
    await seedLedger(redis, "test", today - 4, 400);
    await seedStats(redis, "test", { last: today - 1, days: DAYS, routes: ROUTES });
    browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false });
    page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  it("opens with the token, by a form, and shows everything on a phone without scrolling sideways", async () => {
    await page.goto(`${world.gateway.url}/__tollbooth`);
    await page.getByLabel("Operators' token").fill("not-the-token-0123456789");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Operators' token").fill(ADMIN_TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Revenue over time" }).waitFor();
    expect(page.url()).toBe(`${world.gateway.url}/__tollbooth`);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    // Whoever cannot see the picture is told what is in it.
    const chart = page.getByRole("img", { name: /^USDC from .* in all, at most .* a day$/ });
    expect(await chart.count()).toBe(1);
    expect(await page.locator("svg path.line").first().getAttribute("d")).toMatch(/^M[\d.,L]+$/);
  });

  it("adds up all of them exactly, and shows a hostile route as text", async () => {
    const usdc = (100_400n / 4n) * (10_000n + 50_000n + 123_456n);
    const [whole, rest] = [usdc / 1_000_000n, String(usdc % 1_000_000n).padStart(6, "0")];
    const text = await page.locator(".tiles").innerText();
    expect(text).toContain(`${whole}.${rest.replace(/(?<=\d\d)0+$/, "")} USDC`);
    expect(text).toMatch(/100,400\s+receipts/);
    expect(await page.getByRole("cell", { name: HOSTILE, exact: true }).count()).toBe(1);
    expect(await page.title()).toBe("Tollbooth");
  });

  it("shows 90 days of calls, funnel and latencies, each picture with its words, and nothing of it is lost", async () => {
    await page.getByRole("link", { name: "90 days" }).click();
    await page
      .getByRole("img", { name: /^Calls from .* in all, at most .* a day; the table says/ })
      .waitFor();
    const table = page.getByRole("region", { name: "How calls ended" });
    const figures = (await table.locator("tbody td:nth-child(2)").allInnerTexts()).map((text) =>
      Number(text.replaceAll(",", "")),
    );
    // Each class, then all: the day's last look may have counted a call of this page's own world.
    expect(figures).toHaveLength(10);
    expect(figures.slice(0, -1).reduce((sum, count) => sum + count, 0)).toBe(figures.at(-1));
    expect(await page.locator("path.bar").count()).toBe(9);
    const funnel = page.getByRole("img", { name: /^Offered [\d,]+, Presented [\d,]+ \(93\.\d%\), Settled/ });
    expect(await funnel.count()).toBe(1);
    const [busiest = ""] = seededRoutes(1);
    const latency = page.getByRole("region", { name: /^Until the answer began: 15 routes of 2\d$/ });
    expect(await latency.getByRole("row", { name: busiest }).innerText()).toMatch(/\d+ ms\s+\d+ ms\s+/);
    await page.getByText("By day", { exact: true }).click();
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    const days = page.getByRole("region", { name: "Calls by day" }).locator("tbody tr");
    expect(await days.count()).toBeGreaterThanOrEqual(DAYS - 1);
  });

  it("pages through a day of them, newest first", async () => {
    const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
    await page.getByLabel("Day", { exact: true }).fill(yesterday);
    await page.getByRole("button", { name: "Show" }).click();
    const table = page.getByRole("region", { name: `100,000 receipts on ${yesterday}, newest first` });
    const times = () => table.locator("tbody time").allInnerTexts();
    const first = await times();
    await page.getByRole("link", { name: "Older" }).click();
    await expect.poll(times).not.toEqual(first);
    const all = [...first, ...(await times())];
    expect(all).toHaveLength(100);
    expect(all).toEqual([...all].sort().reverse());
  });

  it("is light or dark as its reader has it, and the browser has nothing to complain about", async () => {
    const colour = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const dark = await colour();
    await page.emulateMedia({ colorScheme: "light" });
    expect([dark, await colour()]).toEqual(["rgb(16, 22, 28)", "rgb(255, 255, 255)"]);
    // The wrong token was a 401, which browsers note.
    expect(complaints.filter((text) => !/status of 401/.test(text))).toEqual([]);
  });

  it("is closed again by signing out", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Operators' token").waitFor();
    await page.goto(`${world.gateway.url}/__tollbooth`);
    expect(await page.getByLabel("Operators' token").count()).toBe(1);
  });
});
