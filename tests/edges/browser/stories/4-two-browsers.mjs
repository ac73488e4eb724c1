// Two people on one order: each sees what the other does, a half-filled form stays, a stale one keeps both values.
import assert from "node:assert/strict";
import { until } from "../server.mjs";
import { Visitor } from "../visitor.mjs";

export default async function two(world) {
  const { guest, server } = world;
  // The second person gets a link from the first, as an administrator gives one.
  await guest.open("/users");
  const row = guest.page.locator("tr", { hasText: "li.fang" });
  await row.getByRole("button").first().click();
  const link = await guest.page.locator(".secret .value").innerText();
  const other = await Visitor.enter(world);
  world.visitors.push(other);
  await other.page.goto(link);
  await other.page.locator('input[name="password"]').fill("eine lange Losung 2026");
  await other.page.locator("main form button.primary").press("Enter");
  await other.page.waitForURL((url) => url.pathname === "/");

  const order = await other.page.locator(".column.to_do .card").first().getAttribute("href");
  for (const visitor of [guest, other]) {
    await visitor.open(order);
    await visitor.mark();
  }
  // The guest begins to write; the other changes the plan.
  await guest.page.locator("#act-plan summary").click();
  await guest.page.locator("#plan-summary").fill("访客的摘要");
  await other.page.locator("#act-plan summary").click();
  await other.page.locator("#plan-summary").fill("李芳的摘要");
  await Promise.all([other.page.waitForURL(/done=saved/), other.page.locator("#act-plan button").click()]);
  // The guest sees it without a reload, and what he typed is still there.
  await guest.page.locator("h1", { hasText: "李芳的摘要" }).waitFor();
  assert(await guest.marked(), "no reload");
  assert.equal(await guest.page.locator("#plan-summary").inputValue(), "访客的摘要", "a half-filled form stays");
  await guest.page.locator("#said.shown button").waitFor();
  await guest.shot("two-waiting");
  // His form is stale: both values stay, with their authors.
  await other.open(order);
  await Promise.all([guest.page.waitForURL(/done=saved/), guest.page.locator("#act-plan button").click()]);
  const plan = guest.page.locator("#plan");
  assert.match(await plan.innerText(), /另有录入/);
  for (const value of ["访客的摘要", "李芳的摘要"]) assert((await plan.innerText()).includes(value), value);
  await guest.shot("two-both-values", true);
  await until("the other sees both values too", 10, async () => /另有录入/.test(await other.page.locator("#plan").innerText()));
  // The other restores hers: one value again, on both screens.
  const restore = other.page.locator("#plan .loser button").first();
  await Promise.all([other.page.waitForURL(/done=saved/), restore.click()]);
  await until("one value again on the guest's screen", 10, async () => !/另有录入/.test(await plan.innerText()));
  // What waited can be asked for: the half-filled region is exchanged, the page is not.
  await guest.mark();
  await guest.page.locator("#act-instruct summary").click();
  await guest.page.locator("#instruct-text").fill("半句话");
  await other.post(`${order}/plan`, { priority: "p1", was_priority: "p3" }, order);
  const show = guest.page.locator("#said.shown button");
  await show.waitFor();
  await show.press("Enter");
  assert.equal(await guest.page.locator("#instruct-text").inputValue(), "");
  assert((await guest.marked()) && (await guest.focused()) === "main", "shown in place, the focus is kept");
  await guest.open("/");
  return `${server.base}${order.slice(0, 16)}…: both values, restored`;
}
