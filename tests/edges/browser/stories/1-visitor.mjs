// Open the link, see the board, dispatch an order, watch the engineers, reassign one whose engineer is offline, open a
// sealed report and see that it verifies, audit it, return another.
import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, until } from "../server.mjs";
import { CARD } from "../visitor.mjs";

export default async function visitor(world) {
  const { guest, server } = world;
  const page = await guest.open("/");
  await guest.language("zh-CN");
  await page.goto(`${server.base}/`);
  for (const title of ["待处理", "已出单派工", "售后完成", "审核完成"]) assert(await page.getByRole("heading", { name: title }).isVisible(), title);
  assert((await page.locator("#engineers li").count()) >= 3, "engineers with the age of what is known of them");
  assert.match(await page.locator("#engineers li").nth(1).innerText(), /截至/);
  await guest.shot("visitor-board");

  // Dispatch: each engineer with age, load and van beside the choice.
  await page.locator(`.column.to_do .card`).first().click();
  const number = await page.locator(".order-line .num").innerText();
  const choices = page.locator("#act-assign .pick-one");
  assert((await choices.count()) >= 3);
  const chosen = choices.filter({ hasText: "王强" });
  assert.match(await chosen.innerText(), /截至[\s\S]*在手[\s\S]*车上/);
  await chosen.click();
  await guest.shot("visitor-dispatch");
  await page.locator("#act-assign button").click();
  await page.getByText("已派工。").waitFor();
  assert.match(await page.locator("#timeline").innerText(), /派工给 王强/);
  await page.goto(`${server.base}/`);
  await page.locator(".column.dispatched .card", { hasText: number }).waitFor();

  // Watch: the page changes by itself, in place.
  await guest.mark();
  const before = await page.locator("#columns").innerText();
  await until("something new on the board without a reload", 60, async () => (await page.locator("#columns").innerText()) !== before);
  assert(await guest.marked(), "no reload");

  // Reassign one whose engineer is offline.
  server.silence("wang.qiang");
  const busy = page.locator(".column.dispatched .card", { hasText: "王强" }).first();
  await busy.waitFor();
  await until("the engineer is offline", 40, async () => /离线/.test(await page.locator("#engineers li", { hasText: "王强" }).innerText()));
  await guest.shot("visitor-offline");
  const taken = await busy.locator(".num").textContent();
  assert.match(taken, /^[A-Z]+\d+$/);
  await page.locator(".column.dispatched .card", { hasText: taken }).click();
  assert.match(await page.locator("#plan").innerText(), /\S/);
  await page.locator("#act-assign summary").click();
  await page.locator("#act-assign .pick-one", { hasText: "赵琳" }).click();
  await page.locator("#assign-reason").fill("王强离线，改派");
  await page.locator("#act-assign button").click();
  await page.getByText("已派工。").waitFor();
  assert.match(await page.locator("#timeline").innerText(), /转派给 赵琳[\s\S]*王强离线/);
  assert.match(await page.locator("#assignments").innerText(), /已撤销|已作业|仍/);
  await guest.shot("visitor-reassigned", true);
  server.wake();

  // A sealed report: it verifies here, and its file alone verifies elsewhere.
  await page.goto(`${server.base}/?state=submitted`);
  const done = await page.locator(".column.done .card").evaluateAll((cards) => cards.map((card) => card.getAttribute("href")));
  assert(done.length >= 2, "two reports wait for their audit");
  // A live engineer's newest report may still wait for its photos: the audit is of one that is whole.
  let audited;
  for (const href of done) {
    await page.goto(server.base + href);
    const open = await page.getByText("照片不全且未豁免").count();
    if (!open && await page.getByText("签字后内容未变").count()) {
      audited = href;
      break;
    }
  }
  assert(audited, "none of the reports is whole");
  const returned = done.find((href) => href !== audited);
  await guest.shot("visitor-report", true);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("下载封存文件").first().click()]);
  const file = join(server.folder, "report.fieldseal");
  copyFileSync(await download.path(), file);
  const whole = server.verify(file);
  assert(whole.ok, whole.text);
  const bytes = Buffer.from(bytesOf(file));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
  assert(!server.verify(file).ok, "a changed byte is noticed");
  // Confirm the decision where one waits, then audit.
  const confirm = page.getByRole("button", { name: "确认判定" });
  while (await confirm.count()) await Promise.all([page.waitForEvent("load"), confirm.first().click()]);
  await page.locator("#act-audit button").click();
  await page.getByText("审核通过，快照已冻结").waitFor();
  await guest.shot("visitor-audited");
  await page.goto(server.base + returned);
  await page.locator("#act-return summary").click();
  await page.locator("#return-reason").fill("请补充序列号");
  await page.locator("#act-return button").click();
  await page.getByText("已退回工程师").first().waitFor();
  assert.match(await page.locator("#report").innerText(), /请补充序列号/);
  return `${await page.goto(`${server.base}/`).then(() => page.locator(CARD).count())} cards on the board`;
}
