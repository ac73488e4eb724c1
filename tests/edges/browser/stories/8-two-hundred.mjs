// 200 open orders: the board stays quick to load, to exchange and to walk through. The bounds are wide, for slow
// machines; the figures are printed.
import assert from "node:assert/strict";
import { until } from "../server.mjs";

const ORDERS = 200;

export default async function many(world) {
  const { guest, server } = world;
  await guest.open("/customers");
  const customers = await guest.page.locator("tbody a").evaluateAll((links) => links.map((link) => link.getAttribute("href").split("/").pop()));
  const form = await (await guest.context.request.get(`${server.base}/orders/new?customer=${customers[0]}`)).text();
  const csrf = form.match(/name="csrf" value="([^"]+)"/)[1];
  const made = Date.now();
  for (let n = 0; n < ORDERS; n += 1) {
    const answer = await guest.context.request.post(`${server.base}/orders`, {
      maxRedirects: 0,
      form: { csrf, once: crypto.randomUUID(), customer: customers[n % customers.length], summary: `第 ${n} 单：签章客户端不识别印章 KEY，换电脑后仍然失败，请带备用件`, priority: `p${1 + (n % 3)}`, category: "service", channel: "phone", type: "repair" },
    });
    assert.equal(answer.status(), 303, await answer.text());
  }
  const perOrder = (Date.now() - made) / ORDERS;

  // Loading: everything there, laid out, no frame lost for long.
  await guest.page.addInitScript(() => {
    window.longest = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration); }).observe({ type: "longtask", buffered: true });
  });
  await guest.open("/");
  const page = guest.page;
  const cards = await page.locator(".column .card").count();
  assert(cards >= ORDERS, `${cards} cards`);
  const load = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation");
    return { server: navigation.responseStart - navigation.requestStart, size: navigation.encodedBodySize, whole: navigation.loadEventEnd - navigation.startTime, longest: window.longest };
  });
  await guest.shot("two-hundred");
  // Walking: 40 steps of the arrow key.
  await page.locator(".column.to_do .card").first().focus();
  const walk = await page.evaluate(async () => {
    const from = performance.now();
    for (let n = 0; n < 40; n += 1) {
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
      await new Promise((done) => requestAnimationFrame(done));
    }
    return (performance.now() - from) / 40;
  });
  const focus = await guest.focused();
  const scrolled = await page.evaluate(() => scrollY);
  assert(scrolled > 500, "the 41st card came into sight");
  // Exchanging: somebody else's change arrives; focus and scroll stay.
  await guest.mark();
  await page.evaluate(() => { window.longest = 0; });
  const order = await page.locator(".column.to_do .card").nth(3).getAttribute("href");
  const told = `变化 ${Date.now()}`;
  const from = Date.now();
  await guest.post(`${order}/plan`, { summary: told }, order);
  const posted = Date.now();
  await page.locator(".card", { hasText: told }).waitFor({ state: "attached" });
  const arrived = Date.now() - posted;
  assert(await guest.marked());
  assert.equal(await guest.focused(), focus);
  await until("the scroll position", 3, async () => Math.abs((await page.evaluate(() => scrollY)) - scrolled) < 400);
  const longest = await page.evaluate(() => window.longest);
  assert(load.whole < 6000 && longest < 1500 && walk < 200, JSON.stringify({ load, longest, walk }));
  // What the column does not show is one list by pages; every order stands in it once.
  const numbers = () => page.locator(".column .card .num").allTextContents();
  const count = Number(await page.locator("#column-to_do .count").innerText());
  const shown = await page.locator("#column-to_do .card .num").allTextContents();
  assert.equal(shown.length, ORDERS);
  // By keyboard: cards that come into sight take their real height, and a pointer may miss what moves.
  await page.locator("#more-to_do").press("Enter");
  await page.locator("#before-to_do").waitFor();
  const all = new Set([...shown, ...await numbers()]);
  assert.equal(all.size, count);
  await guest.shot("second-page");
  await page.locator("#before-to_do").press("Enter");
  await page.locator("#more-to_do").waitFor();
  assert.deepEqual(await numbers(), shown);
  await page.locator(".card").first().focus();
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await guest.focused(), await page.locator(".card").first().getAttribute("id"));
  assert.deepEqual(await guest.axe(), []);
  await guest.open("/?list=audited");
  await guest.shot("one-column");
  const ms = (value) => `${value.toFixed(0)} ms`;
  return `${cards} cards, ${(load.size / 1024).toFixed(0)} KiB; server ${ms(load.server)}, loaded ${ms(load.whole)}, longest task ${ms(load.longest)}; an arrow ${ms(walk)}; a change ${ms(posted - from)} to post, ${ms(arrived)} to arrive, longest task ${ms(longest)}; ${ms(perOrder)} to create one`;
}
