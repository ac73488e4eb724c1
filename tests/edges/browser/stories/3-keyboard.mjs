// No mouse: skip link, help, search, arrows, dispatch and reassign; the focus survives what others do.
import assert from "node:assert/strict";
import { until } from "../server.mjs";

export default async function keyboard(world) {
  const guest = await world.guest.twin({ viewport: { width: 1440, height: 900 } });
  world.visitors.push(guest);
  const page = await guest.open("/");
  const press = (...keys) => keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
  const is = async (id, why) => until(`focus on ${id}: ${why}`, 5, async () => (await guest.focused()) === id);

  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await guest.shot("keyboard-skip");
  await press("Enter");
  await is("main", "the skip link leads past the navigation");

  await press("?");
  assert(await page.locator("#keys").isVisible(), "? shows the keys");
  await guest.shot("keyboard-help");
  await press("Escape");
  assert(await page.locator("#keys").isHidden());

  // One stop of Tab a column, arrows within and between, Enter opens.
  const stops = await page.locator(".column.audited .card[tabindex='0']").count();
  assert.equal(stops, 1, "a column is one stop");
  await page.locator(".column.to_do .card").first().focus();
  const start = await guest.focused();
  await press("ArrowRight");
  assert(await page.evaluate(() => document.activeElement.closest(".column.dispatched") !== null), "right leads to the next column");
  await press("ArrowLeft");
  await is(start, "and left leads back");
  await press("ArrowDown", "ArrowUp");
  await is(start, "down and up");
  await guest.shot("keyboard-board");

  // What others do leaves the focus where it is.
  await guest.mark();
  const [first, second] = await page.locator(".column.to_do .card").evaluateAll((cards) => cards.map((card) => card.getAttribute("href")));
  const other = second ?? first;
  const told = `${Date.now()}`;
  await world.guest.post(`${other}/plan`, { summary: `改期 ${told}` }, other);
  await page.locator(".column.to_do .card", { hasText: told }).waitFor();
  await is(start, "after an exchange");
  assert(await guest.marked(), "no reload");

  // Search, then dispatch: everything by keys.
  const number = await page.locator(`#${start} .num`).textContent();
  await press("/");
  await is("q", "/ leads to the search");
  await page.keyboard.type(number);
  await Promise.all([page.waitForURL(/q=/), press("Enter")]);
  assert.equal(await page.locator(".column .card").count(), 1, "found by its number");
  await page.locator(".column .card").focus();
  await Promise.all([page.waitForURL(/\/orders\//), press("Enter")]);
  await Promise.all([page.waitForURL((url) => url.pathname === "/"), press("u")]);
  // From the board straight to an order's dispatch.
  await page.locator(`#${start}`).focus();
  await Promise.all([page.waitForURL(/#do=act-assign/), press("d")]);
  await until("the engineers have the focus", 5, () => page.evaluate(() => document.activeElement.type === "radio"));
  assert.equal(await page.evaluate(() => document.activeElement.type), "radio", "d leads to the engineers");
  await press("ArrowDown", "Space");
  const picked = await page.evaluate(() => document.activeElement.closest(".pick-one").querySelector(".pick-name").textContent.trim());
  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "BUTTON");
  await Promise.all([page.waitForURL(/done=assigned/), press("Enter")]);
  assert((await page.locator("#assignments").innerText()).includes(picked), `dispatched to ${picked}`);

  await press("d");
  await press("Space", "Tab");
  await is("assign-reason", "a reassignment asks for its reason");
  await page.keyboard.type("换人");
  await press("Tab");
  await Promise.all([page.waitForEvent("load"), press("Enter")]);
  assert.match(await page.locator("#timeline").innerText(), /转派给[\s\S]*换人/);

  await press("i");
  await is("instruct-text", "i leads to the instruction");
  await page.keyboard.type("b n s /");
  assert.equal(await page.locator("#instruct-text").inputValue(), "b n s /", "no key is taken from a field");
  await press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY", "Escape leaves the field");
  await Promise.all([page.waitForURL((url) => url.pathname === "/"), press("u")]);
  await Promise.all([page.waitForURL(/\/stock/), press("s")]);
  // Single keys can be switched off.
  await press("?");
  await page.locator("#keys-on").focus();
  await press("Space", "Escape", "b");
  await new Promise((done) => setTimeout(done, 300));
  assert.match(page.url(), /\/stock/);
  return `${number} dispatched to ${picked} and reassigned without a mouse`;
}
