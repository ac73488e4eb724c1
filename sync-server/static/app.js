// Keeps a page up to date without taking anything from the reader's hands.
//
// The server says over /v1/live that something is new; the same page is fetched again and its regions (elements with
// `data-live` and an id) are exchanged. A region in which somebody types, or has typed, waits: its fields, and the
// token that says what its reader saw, stay as they are until the reader asks for the new state. Focus, open
// details and the scroll position survive. Everything here is comfort: without script a page is complete, and the
// board reloads itself every minute.
"use strict";

(() => {
  const said = document.getElementById("said");
  const source = document.body.dataset.liveFrom;

  for (const field of document.querySelectorAll("[data-submit]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
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
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  if (!source || !window.EventSource || !said) return;

  let hide = 0;
  function say(text, lost) {
    said.textContent = text;
    said.classList.toggle("lost", Boolean(lost));
    said.classList.add("shown");
    clearTimeout(hide);
    if (!lost) hide = setTimeout(() => said.classList.remove("shown"), 2500);
  }

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

  function exchange(fresh) {
    let waiting = 0;
    let exchanged = 0;
    for (const old of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(old.id);
      if (!next || old.outerHTML === next.outerHTML) continue;
      if (busy(old)) { waiting += 1; continue; }
      const at = document.activeElement;
      const focused = at && old.contains(at) ? at.id || (at.matches("summary") && at.parentElement.id) : "";
      for (const open of old.querySelectorAll("details[id]")) {
        const same = next.querySelector("#" + CSS.escape(open.id));
        if (same) same.open = open.open;
      }
      if (old.innerHTML === next.innerHTML && old.hidden === next.hidden) continue;
      old.replaceWith(document.adoptNode(next));
      exchanged += 1;
      const back = focused && document.getElementById(focused);
      if (back) (back.matches("details") ? back.querySelector("summary") : back).focus({ preventScroll: true });
    }
    const nav = fresh.querySelector(".side nav");
    const now = document.querySelector(".side nav");
    if (nav && now && !now.contains(document.activeElement)) now.replaceWith(document.adoptNode(nav));
    if (waiting) offer();
    else if (exchanged) say(said.dataset.updated.replace("{at}", clock()));
  }

  function clock() {
    const now = new Date();
    return String(now.getHours()).padStart(2, "0") + ":" + String(now.getMinutes()).padStart(2, "0");
  }
  function offer() {
    say(said.dataset.waiting + " ", true);
    said.classList.remove("lost");
    const button = document.createElement("button");
    button.textContent = said.dataset.show;
    button.className = "quiet";
    button.addEventListener("click", () => location.reload());
    said.append(button);
  }

  let running = false;
  let again = false;
  async function refresh() {
    if (running) { again = true; return; }
    running = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.body.dataset.seen = fresh.body.dataset.seen;
        exchange(fresh);
      }
    } catch { /* The stream notices a lost connection and says so. */ }
    running = false;
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
      said.classList.remove("lost", "shown");
      soon();
    };
    stream.addEventListener("sequence", (event) => { if (event.data !== seen()) soon(); });
    stream.onerror = () => {
      if (!lost) say(said.dataset.lost, true);
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
