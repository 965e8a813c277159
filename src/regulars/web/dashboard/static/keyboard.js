const PATIENCE = 1200; // Milliseconds between `g` and the page's letter.

/** `/` searches, `g` and a letter goes to a page, `j` and `k` walk a list, `?` explains. */
export function attachKeyboard() {
  const help = document.getElementById("shortcuts");
  const opener = document.getElementById("open-shortcuts");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  let goingSince = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || isTyping(event.target)) return;
    const going = event.timeStamp - goingSince < PATIENCE;
    goingSince = event.key === "g" && !going ? event.timeStamp : -Infinity;
    const act = going ? goTo(event.key) : actions[event.key];
    if (!act) return;
    event.preventDefault();
    act(help);
  });
}

const actions = {
  "/": () => {
    const box = document.querySelector("[data-search]");
    if (box) box.select(), box.focus();
    else location.assign("/dashboard/customers#search");
  },
  "?": (help) => help.showModal(),
  j: () => step(1),
  k: () => step(-1),
};

function goTo(letter) {
  const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  return link && (() => link.click());
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))].focus();
}

function isTyping(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

if (location.hash === "#search") document.querySelector("[data-search]")?.focus();
