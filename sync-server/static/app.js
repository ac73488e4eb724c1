// Keeps a page up to date without taking anything from the reader's hands.
//
// The server says over /v1/live that something is new; the same page is fetched again and its regions (elements with
// `data-live` and an id) are exchanged where the server's HTML differs. A region in which somebody types, or has typed,
// waits: its fields, and the token that says what its reader saw, stay as they are until the reader asks for the new
// state or leaves the form untouched. Focus, open details and scroll positions survive; what changed is said politely.
// Everything here is comfort: without script a page is complete, and it reloads itself every minute.
"use strict";

(() => {
  const said = document.getElementById("said");
  const source = document.body.dataset.liveFrom;

  // A choice in a filter acts at once for a pointer; with the keyboard the button does, or arrows would leave the list.
  let pointer = false;
  document.addEventListener("pointerdown", () => { pointer = true; }, true);
  document.addEventListener("keydown", () => { pointer = false; }, true);
  for (const field of document.querySelectorAll("[data-submit]")) {
    field.addEventListener("change", () => { if (pointer) field.form.requestSubmit(); });
  }
  // A second click does not post twice; the server would notice, the reader would wonder.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  // One pop-up at a time; Escape closes it and gives the focus back.
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.("details.menu[open]")) return;
    for (const other of document.querySelectorAll("details.menu[open]")) if (other !== event.target) other.open = false;
  }, true);
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); event.preventDefault(); }
  });

  if (!source || !window.EventSource || !said) return;

  // ---- saying ----
  let hide = 0;
  function say(text, stays) {
    if (said.textContent !== text) said.textContent = text;
    said.classList.remove("lost");
    said.classList.add("shown");
    clearTimeout(hide);
    if (!stays) hide = setTimeout(() => said.classList.remove("shown"), 4000);
  }
  /** The moment of the newest page, by the company's clock. */
  const clock = () => said.dataset.at;

  // ---- regions: the server's HTML of each as it came, before any script touched it ----
  const raw = new Map();
  for (const region of document.querySelectorAll("[data-live][id]")) raw.set(region.id, region.outerHTML);
  /** Regions whose new state waits until their reader is done. */
  const waiting = new Map();

  function changed(field) {
    if (field.type === "hidden" || field.type === "submit") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      const options = [...field.options];
      const chosen = options.findIndex((option) => option.defaultSelected);
      return field.selectedIndex !== Math.max(chosen, 0);
    }
    return "defaultValue" in field && field.value !== field.defaultValue;
  }
  function busy(region) {
    const at = document.activeElement;
    if (at && region.contains(at) && at.matches("input, textarea, select")) return true;
    return [...region.querySelectorAll("input, textarea, select")].some(changed);
  }

  // ---- focus: by id, else by place within the nearest element that has one ----
  const stops = "a[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex]";
  function whereFocus() {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    if (at.id) return { id: at.id, n: -1 };
    const near = at.closest("[id]");
    return near && { id: near.id, n: [...near.querySelectorAll(stops)].indexOf(at), region: at.closest("[data-live]")?.id };
  }
  function giveFocus(place) {
    if (!place || (document.activeElement && document.activeElement !== document.body)) return;
    const near = document.getElementById(place.id);
    let at = near && (place.n < 0 ? near : near.querySelectorAll(stops)[place.n]);
    if (!at) at = document.getElementById(place.region) || document.getElementById("main");
    if (at && !at.matches(stops)) at.tabIndex = -1;
    at?.focus({ preventScroll: true });
  }

  function swap(old, next) {
    raw.set(next.id, next.outerHTML);
    waiting.delete(next.id);
    const mine = document.adoptNode(next);
    for (const open of old.querySelectorAll("details[id]")) {
      const same = mine.querySelector("#" + CSS.escape(open.id));
      if (same) same.open = open.open;
    }
    const rolled = [...old.querySelectorAll(".scroll, .pick-list")].map((part) => [part.scrollLeft, part.scrollTop]);
    old.replaceWith(mine);
    [...mine.querySelectorAll(".scroll, .pick-list")].forEach((part, n) => {
      if (rolled[n]) [part.scrollLeft, part.scrollTop] = rolled[n];
    });
  }

  // ---- what changed, in words: cards by number and state, an order by its state ----
  function cards() {
    const found = new Map();
    for (const card of document.querySelectorAll(".column .card")) {
      const state = card.querySelector(".state") || card.closest(".column").querySelector("h2");
      const words = state.cloneNode(true);
      words.querySelector?.(".count")?.remove();
      found.set(card.id, card.querySelector(".num").textContent + " " + words.textContent.trim());
    }
    const head = document.querySelector("#order-head .chip");
    if (head) found.set("order-head", head.textContent.trim());
    return found;
  }
  function tell(before) {
    const news = [...cards()].filter(([id, text]) => before.get(id) !== text);
    for (const [id] of news) document.getElementById(id)?.classList.add("fresh");
    const what = news.slice(0, 3).map(([, text]) => text).join(" · ") + (news.length > 3 ? " …" : "");
    say(news.length ? said.dataset.changed.replace("{at}", clock()).replace("{cards}", what) : said.dataset.updated.replace("{at}", clock()));
  }

  function exchange(fresh) {
    const [place, x, y, before] = [whereFocus(), scrollX, scrollY, cards()];
    let exchanged = 0;
    let news = false;
    for (const old of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(old.id);
      if (!next || raw.get(old.id) === next.outerHTML) continue;
      if (busy(old)) {
        news ||= waiting.get(old.id)?.outerHTML !== next.outerHTML;
        waiting.set(old.id, next);
        continue;
      }
      swap(old, next);
      exchanged += 1;
    }
    const nav = fresh.querySelector(".side nav");
    const now = document.querySelector(".side nav");
    if (nav && now && nav.innerHTML !== now.innerHTML && !now.contains(document.activeElement)) now.replaceWith(document.adoptNode(nav));
    if (exchanged) settle(place, x, y);
    if (news) offer();
    else if (exchanged && !waiting.size) tell(before);
    const [style, was] = [fresh, document].map((page) => page.querySelector("link[rel=stylesheet]")?.getAttribute("href"));
    if (style !== was && !waiting.size) location.reload();
  }
  function settle(place, x, y) {
    document.dispatchEvent(new Event("fieldseal:exchanged"));
    giveFocus(place);
    scrollTo({ left: x, top: y, behavior: "instant" });
  }
  function offer() {
    say(said.dataset.waiting + " ", true);
    const button = document.createElement("button");
    button.textContent = said.dataset.show;
    button.className = "quiet";
    button.addEventListener("click", () => release(true));
    said.append(button);
  }
  /** Shows what waits: all of it where the reader asks, else what nobody types in any more. */
  function release(all) {
    const [place, x, y, before] = [whereFocus(), scrollX, scrollY, cards()];
    let exchanged = 0;
    for (const [id, next] of [...waiting]) {
      const old = document.getElementById(id);
      if (!old || (!all && busy(old))) continue;
      swap(old, next);
      exchanged += 1;
    }
    if (!exchanged) return;
    // The button that was pressed goes with its line: its reader goes on at the page's content.
    if (all) document.getElementById("main").focus({ preventScroll: true });
    settle(place, x, y);
    if (!waiting.size) tell(before);
  }
  document.addEventListener("focusout", () => { if (waiting.size) setTimeout(() => release(false), 150); });

  let running = false;
  let again = false;
  let returning = false;
  async function refresh() {
    if (running) { again = true; return; }
    running = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.body.dataset.seen = fresh.body.dataset.seen;
        said.dataset.at = fresh.getElementById("said")?.dataset.at ?? said.dataset.at;
        exchange(fresh);
        if (returning && !waiting.size) say(said.dataset.back.replace("{at}", clock()));
        returning = false;
      }
    } catch { /* The stream notices a lost connection and says so. */ } finally {
      running = false;
    }
    if (again) { again = false; soon(); }
  }
  let timer = 0;
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, 120);
  }

  // The browser reconnects by itself and sends Last-Event-ID; only a refusal (a restarting server) ends that.
  const seen = () => document.body.dataset.seen;
  let lost = false;
  function listen() {
    const stream = new EventSource(source);
    stream.onopen = () => {
      if (!lost) return;
      lost = false;
      returning = true;
      soon();
    };
    stream.addEventListener("sequence", (event) => { if (event.data !== seen()) soon(); });
    stream.onerror = () => {
      if (!lost) { say(said.dataset.lost, true); said.classList.add("lost"); }
      lost = true;
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    };
    window.addEventListener("pagehide", () => stream.close(), { once: true });
  }
  listen();
  // Countdowns are words from the server; they stay right by being fetched again.
  setInterval(() => { if (!document.hidden) soon(); }, 60000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
})();
