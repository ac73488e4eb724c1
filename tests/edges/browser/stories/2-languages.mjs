// Every page in both languages and themes: complete texts, no page wider than its window, and axe clean.
import assert from "node:assert/strict";

/** Every kind of page with what is on it now. */
export async function addresses(guest) {
  const first = async (path, selector) => {
    await guest.open(path);
    const at = guest.page.locator(selector).first();
    return (await at.count()) ? at.getAttribute("href") : null;
  };
  const customer = await first("/customers", "tbody a");
  const found = {
    board: "/", filtered: "/?q=nothing-like-it", list: "/?list=audited", new: "/orders/new", "new-for": `/orders/new?customer=${customer.split("/").pop()}`,
    conflicts: "/conflicts", stock: "/stock", customers: "/customers", customer, users: "/users", devices: "/devices", missing: "/no-such-page",
  };
  for (const column of ["to_do", "dispatched", "done", "audited"]) found[`order-${column}`] = await first("/", `.column.${column} .card`);
  return Object.entries(found).filter(([, path]) => path);
}

export default async function languages(world) {
  const { guest } = world;
  const all = await addresses(guest);
  assert(all.length >= 14, "every kind of page");
  guest.forgiven = [/404 \(Not Found\)/];
  const problems = [];
  let looked = 0;
  for (const lang of ["zh-CN", "en"]) {
    await guest.open("/");
    await guest.language(lang);
    for (const [name, path] of all) {
      for (const colorScheme of ["light", "dark"]) {
        // Without motion: a contrast in the middle of a transition is nobody's.
        await guest.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await guest.open(path);
        assert.equal(await guest.page.locator("html").getAttribute("lang"), lang, path);
        const text = await guest.page.locator("body").innerText();
        const raw = text.match(/\b(page|office|order_state|guard|flag|conflict)\.[a-z_.]+/);
        if (raw) problems.push(`${name} ${lang}: the key ${raw[0]} has no text`);
        for (const found of await guest.axe()) problems.push(`${name} ${lang} ${colorScheme}: ${found}`);
        looked += 1;
        if (process.env.FIELDSEAL_SHOTS_ALL) {
          for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
            await guest.page.setViewportSize({ width, height });
            await guest.shot(`${name}-${lang}-${width}-${colorScheme}`, true);
          }
        }
        if (colorScheme === "light") {
          for (const width of [1440, 1024, 390]) {
            await guest.page.setViewportSize({ width, height: 900 });
            const over = await guest.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            if (over > 0) problems.push(`${name} ${lang} at ${width}: ${over} px too wide`);
          }
        }
        await guest.page.setViewportSize({ width: 1440, height: 900 });
      }
    }
  }
  // The door is looked at without a session.
  const stranger = await guest.constructor.enter(world);
  world.visitors.push(stranger);
  for (const colorScheme of ["light", "dark"]) {
    await stranger.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await stranger.open("/login");
    for (const found of await stranger.axe()) problems.push(`login ${colorScheme}: ${found}`);
    looked += 1;
  }
  await guest.page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
  await guest.open("/");
  await guest.language("zh-CN");
  assert.deepEqual(problems, []);
  return `${looked} pages looked at, axe clean`;
}
