// A visitor's browser: a context of its own, with everything noted that a page must not do.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const CARD = ".column .card";

export class Visitor {
  /** `more` are the context's options: language, theme, script. */
  static async enter(world, more = {}) {
    const context = await world.browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "zh-CN", ...more });
    context.setDefaultTimeout(15_000);
    const visitor = new Visitor();
    Object.assign(visitor, { world, context, complaints: [], forgiven: [], page: await context.newPage() });
    visitor.listen(visitor.page);
    return visitor;
  }

  listen(page) {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complain(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complain(`error: ${error.message}`));
    page.on("response", (answer) => { if (answer.status() >= 500) this.complain(`${answer.status()} at ${answer.url()}`); });
  }

  complain(text) {
    if (!this.forgiven.some((pattern) => pattern.test(text))) this.complaints.push(`${text} (${this.page.url()})`);
  }

  async open(path) {
    await this.page.goto(this.world.server.base + path);
    return this.page;
  }

  /** Signs in by a one-time link: opening never uses it up, its button does. */
  async signIn(link) {
    await this.page.goto(link);
    await this.page.locator("main form button.primary").press("Enter");
    await this.page.waitForURL((url) => url.pathname === "/");
  }

  /** The cookies of this visitor in another context. */
  async twin(more = {}) {
    const twin = await Visitor.enter(this.world, more);
    await twin.context.addCookies(await this.context.cookies());
    return twin;
  }

  async language(lang) {
    if ((await this.page.locator("html").getAttribute("lang")) === lang) return;
    await Promise.all([this.page.waitForEvent("load"), this.page.locator('form[action="/language"] button').first().press("Enter")]);
  }

  /** A form of the page, posted beside it: another person's doing. Gives where it led. */
  async post(action, fields, from) {
    const html = await (await this.context.request.get(this.world.server.base + from)).text();
    const form = html.split("<form").find((part) => part.includes(`action="${action}"`));
    if (!form) throw new Error(`${from} has no form for ${action}`);
    const own = {};
    for (const [tag] of form.split("</form>")[0].matchAll(/<input type="hidden"[^>]*>/g)) {
      own[tag.match(/name="([^"]*)"/)[1]] = tag.match(/value="([^"]*)"/)?.[1].replaceAll("&amp;", "&").replaceAll("&quot;", '"') ?? "";
    }
    const answer = await this.context.request.post(this.world.server.base + action, { form: { ...own, ...fields }, maxRedirects: 0 });
    const to = answer.headers().location ?? "";
    if (answer.status() !== 303 || to.includes("problem=")) throw new Error(`${action}: ${answer.status()} ${to}`);
    return to;
  }

  /** What axe finds against WCAG 2 A and AA. */
  async axe() {
    await this.page.evaluate(axe);
    const found = await this.page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] }));
    return found.violations.map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.failureSummary.split("\n")[1]?.trim() ?? ""})`).join("; ")}`);
  }

  async shot(name, whole = false) {
    await this.page.screenshot({ path: join(this.world.shots, `${name}.png`), fullPage: whole });
  }

  /** Marks this document: a reload would lose the mark. */
  async mark() {
    await this.page.evaluate(() => { window.fieldsealMark = "here"; });
  }

  async marked() {
    return this.page.evaluate(() => window.fieldsealMark === "here");
  }

  focused() {
    return this.page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName);
  }

  async leave() {
    await this.context.close();
  }
}
