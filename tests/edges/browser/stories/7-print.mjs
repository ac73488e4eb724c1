// Paper: the board without controls, an order as a dispatch slip with lines to sign.
import assert from "node:assert/strict";

export default async function print(world) {
  const { guest } = world;
  await guest.open("/");
  await guest.page.emulateMedia({ media: "print" });
  for (const gone of [".side", ".filter", ".quick"]) assert(await guest.page.locator(gone).first().isHidden(), gone);
  assert(await guest.page.locator(".column .card").first().isVisible());
  await guest.shot("print-board", true);
  const board = await guest.page.pdf({ format: "A4" });
  await guest.page.emulateMedia({ media: "screen" });
  const order = await guest.page.locator(".column.dispatched .card").first().getAttribute("href");
  await guest.open(order);
  await guest.page.emulateMedia({ media: "print" });
  assert(await guest.page.locator("#actions").isHidden());
  assert(await guest.page.locator("#plan").isVisible());
  assert(await guest.page.locator(".slip-foot").isVisible(), "lines to sign");
  await guest.shot("print-slip", true);
  const slip = await guest.page.pdf({ format: "A4" });
  await guest.page.emulateMedia({ media: "screen" });
  for (const paper of [board, slip]) assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
  return `${board.length >> 10} and ${slip.length >> 10} KiB`;
}
