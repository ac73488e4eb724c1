// The keyboard (design 7): arrows on the board, single keys for what is done all day, a help that lists them.
//
// Only comfort: every key has a link, a button or a field that does the same. Single keys can be switched off (WCAG
// 2.1.4) and are never taken from a field, a composition or a combination with Ctrl, Alt or Meta. A key moves the focus
// or opens a form; nothing is ever sent by one.
"use strict";

(() => {
  const board = document.querySelector("[data-board]");
  const help = document.getElementById("keys");
  const off = "fieldseal-keys-off";

  function stored() {
    try { return localStorage.getItem(off) === "1"; } catch { return false; }
  }
  function store(value) {
    try { localStorage.setItem(off, value ? "1" : "0"); } catch { /* The choice lasts for this page only. */ }
  }

  // ---- the board: one stop of the Tab key a column, arrows within and between ----
  const last = new Map();
  function columns() {
    if (!board) return [];
    return [...board.querySelectorAll(".column")].map((column) => ({ id: column.id, cards: [...column.querySelectorAll(".card")] }));
  }
  function rove() {
    for (const { id, cards } of columns()) {
      const stop = cards.find((card) => card === document.activeElement) || cards.find((card) => card.id === last.get(id)) || cards[0];
      for (const card of cards) card.tabIndex = card === stop ? 0 : -1;
    }
  }
  function go(card) {
    if (!card) return;
    card.focus();
    card.scrollIntoView({ block: "nearest" });
  }
  function arrow(event) {
    const all = columns().filter((column) => column.cards.length > 0);
    const at = all.findIndex((column) => column.cards.includes(event.target));
    if (at < 0) return;
    const row = all[at].cards.indexOf(event.target);
    const beside = (step) => {
      const next = all[at + step];
      return next && next.cards[Math.min(row, next.cards.length - 1)];
    };
    const to = {
      ArrowDown: () => all[at].cards[row + 1],
      ArrowUp: () => all[at].cards[row - 1],
      ArrowRight: () => beside(1),
      ArrowLeft: () => beside(-1),
      Home: () => all[at].cards[0],
      End: () => all[at].cards[all[at].cards.length - 1],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    go(to());
  }
  if (board) {
    board.addEventListener("focusin", (event) => {
      const column = event.target.closest?.(".column");
      if (!column || !event.target.classList.contains("card")) return;
      last.set(column.id, event.target.id);
      rove();
    });
    board.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) arrow(event);
    });
    document.addEventListener("fieldseal:exchanged", rove);
    rove();
  }

  // ---- single keys ----
  function visit(path) {
    const link = document.querySelector(`.side nav a[href="${path}"]`);
    if (link) location.assign(path);
    return Boolean(link);
  }
  function open(id) {
    const form = document.getElementById(id);
    if (!form) return false;
    if (form.matches("details")) form.open = true;
    const field = form.querySelector("input:checked:not([type=hidden])") || form.querySelector("input:not([type=hidden]), textarea, select, button");
    if (field) field.focus();
    form.scrollIntoView({ block: "nearest" });
    return Boolean(field);
  }
  const keys = {
    "?": () => { if (help && !help.open) help.showModal(); return Boolean(help); },
    "/": () => {
      const field = document.querySelector("[data-search]");
      if (!field) return visit("/");
      field.focus();
      field.select();
      return true;
    },
    b: () => visit("/"),
    c: () => visit("/conflicts"),
    s: () => visit("/stock"),
    k: () => visit("/customers"),
    t: () => visit("/tickets"),
    n: () => visit("/orders/new"),
    u: () => { const up = document.querySelector("[data-up]"); if (up) up.click(); return Boolean(up); },
    // On the board: to the dispatch of the order that has the focus.
    d: () => {
      const card = document.activeElement?.closest?.(".card");
      if (card) location.assign(card.getAttribute("href") + "#do=act-assign");
      return Boolean(card) || open("act-assign");
    },
    p: () => open("act-plan"),
    i: () => open("act-instruct"),
    a: () => open("act-audit"),
    r: () => open("act-return"),
  };
  const typing = (at) => at instanceof Element && (at.matches("textarea, select, [contenteditable]") || (at.matches("input") && !["checkbox", "radio", "button", "submit"].includes(at.type)));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) {
      const summary = event.target.closest("details")?.querySelector("summary");
      if (summary) summary.focus(); else event.target.blur();
      return;
    }
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || help?.open || stored()) return;
    const act = keys[event.key];
    if (act && act()) event.preventDefault();
  });

  // Not the id itself: the browser would go there by itself, later, and take the focus along.
  const wanted = /^#do=(act-[a-z]+)$/.exec(location.hash);
  if (wanted) open(wanted[1]);

  // ---- what needs a script shows itself only with one ----
  const opener = document.getElementById("keys-open");
  if (opener && help) {
    opener.hidden = false;
    opener.addEventListener("click", () => help.showModal());
    const box = document.getElementById("keys-on");
    box.checked = !stored();
    box.addEventListener("change", () => store(!box.checked));
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
