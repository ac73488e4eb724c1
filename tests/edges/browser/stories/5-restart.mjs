// The server is killed with the page open: the page says so, comes back by itself, and shows what happened since.
import assert from "node:assert/strict";
import { until } from "../server.mjs";

export default async function restart(world) {
  const { guest, server } = world;
  await guest.open("/");
  await guest.page.locator(".column.to_do .card").first().focus();
  const focus = await guest.focused();
  await guest.mark();
  guest.forgiven = [/ERR_|Failed to load resource|network/i];
  // Finished work is cut: every column says how many there are.
  const orders = async () => {
    const counts = await guest.page.locator(".column .count, #cancelled .count").allTextContents();
    return counts.reduce((sum, count) => sum + Number(count), 0);
  };
  const before = await orders();
  await server.kill();
  const said = guest.page.locator("#said");
  await until("the page says that the connection is lost", 20, async () => /连接已断开/.test(await said.innerText()));
  assert(await said.evaluate((line) => line.classList.contains("lost")));
  await guest.shot("restart-lost");
  await server.start();
  await until("the page says that it is connected again", 30, async () => /已重新连接|已更新/.test(await said.innerText()));
  assert(await guest.marked(), "no reload");
  assert.equal(await guest.focused(), focus, "the focus is where it was");
  // It lives on: what somebody does now arrives.
  const order = await guest.page.locator(".column.to_do .card").last().getAttribute("href");
  const told = `重启后 ${Date.now()}`;
  await guest.post(`${order}/plan`, { summary: told }, order);
  await guest.page.locator(".card", { hasText: told }).waitFor();
  const after = await orders();
  assert(before > 40 && after >= before, `every order is there again: ${before}, then ${after}`);
  assert(await guest.marked());
  return `${before} orders before, ${after} after kill -9`;
}
