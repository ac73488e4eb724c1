// Runs the stories of `stories/` one after the other against one demo, and says what each found.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { Server } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { server: { type: "string" }, shots: { type: "string" } } });
const folder = join(import.meta.dirname, "stories");
const stories = readdirSync(folder).filter((file) => file.endsWith(".mjs")).sort()
  .filter((file) => positionals.length === 0 || positionals.some((name) => file.includes(name)));
assert(stories.length > 0, "no such story");

const began = Date.now();
const server = new Server(values.server);
const seconds = () => ((Date.now() - began) / 1000).toFixed(1).padStart(6);
let browser;
let failed = 0;
// Nothing is left behind, however this ends.
let ended = false;
async function end() {
  if (ended) return;
  ended = true;
  await browser?.close().catch(() => {});
  await server.end();
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, async () => { await end(); process.exit(1); });

try {
  await server.start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
  const world = { server, browser, shots: values.shots, visitors: [] };
  world.guest = await Visitor.enter(world);
  await world.guest.signIn(server.link);
  console.log(`${seconds()} s  demo at ${server.base}, signed in`);
  for (const file of stories) {
    const story = await import(join(folder, file));
    const from = Date.now();
    try {
      const told = await story.default(world);
      const complaints = [world.guest, ...world.visitors].flatMap((visitor) => visitor.complaints.splice(0));
      assert.deepEqual(complaints, [], "the browser complained");
      console.log(`${seconds()} s  ok      ${file} (${((Date.now() - from) / 1000).toFixed(1)} s)${told ? `: ${told}` : ""}`);
    } catch (error) {
      failed += 1;
      console.log(`${seconds()} s  FAILED  ${file}: ${error.stack}`);
      await world.guest.shot(`failed-${file}`, true).catch(() => {});
      for (const [n, visitor] of world.visitors.entries()) await visitor.shot(`failed-${file}-${n}`, true).catch(() => {});
    } finally {
      server.wake();
      for (const visitor of world.visitors.splice(0)) await visitor.leave().catch(() => {});
      world.guest.forgiven = [];
      world.guest.complaints = [];
    }
  }
} finally {
  await end();
}
console.log(failed === 0 ? `all ${stories.length} stories in ${seconds().trim()} s` : `${failed} of ${stories.length} stories FAILED`);
process.exit(failed === 0 ? 0 : 1);
