// Without script every page can be read and every form works.
import assert from "node:assert/strict";

export default async function noScript(world) {
  const reader = await world.guest.twin({ javaScriptEnabled: false });
  world.visitors.push(reader);
  const page = await reader.open("/");
  assert((await page.locator(".column .card").count()) > 10);
  assert.match(await page.locator(".column.to_do").innerText(), /剩|超时/, "countdowns are words");
  await reader.shot("no-script-board");
  const order = page.locator(".column.to_do .card").first();
  const number = await order.locator(".num").textContent();
  // A filter is a form and a link.
  await page.locator("#q").fill(number);
  await page.locator("#filter button").click();
  assert.equal(await page.locator(".column .card").count(), 1);
  await page.locator("#filter a").click();
  await page.locator("#quick a").first().click();
  assert.match(page.url(), /need=|state=/);
  // A unit's serial number and a phone find their orders.
  await page.goto(`${world.server.base}/customers`);
  await page.locator("tbody a").first().click();
  const phone = (await page.locator("#customer").innerText()).match(/\d[\d ]{7,}\d/)[0].replaceAll(" ", "");
  await page.goto(`${world.server.base}/customers?q=${phone}`);
  assert.equal(await page.locator("tbody tr").count(), 1, "a phone number finds its customer");
  // Dispatch by plain forms.
  await page.goto(`${world.server.base}/?q=${number}`);
  await page.locator(".column .card").click();
  await page.locator("#act-assign .pick-one").first().click();
  await page.locator("#act-assign button").click();
  assert.match(page.url(), /done=assigned/);
  await page.locator("#act-instruct summary").click();
  await page.locator("#instruct-text").fill("先打电话");
  await page.locator("#act-instruct button").click();
  assert.match(await page.locator("#timeline").innerText(), /先打电话/);
  for (const path of ["/stock", "/conflicts", "/users", "/devices", "/orders/new"]) {
    await page.goto(world.server.base + path);
    assert((await page.locator("h1").innerText()).length > 0 && (await page.locator("#keys-open").isHidden()), path);
  }
  return `${number} dispatched without script`;
}
