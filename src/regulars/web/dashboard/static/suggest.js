const PAUSE = 120; // Milliseconds without a key before asking.
const LIMIT = 8;
const SOURCES = {
  items: {
    address: (text) => `/api/items?${new URLSearchParams({ search: text, limit: LIMIT })}`,
    read: (answer) => answer.map((one) => ({ id: one.item, name: one.title || one.item, note: one.category.split(" > ").pop() })),
  },
  customers: {
    address: (text) => `/api/customers?${new URLSearchParams({ search: text, limit: LIMIT })}`,
    read: (answer) => answer.customers.map((one) => ({ id: one.subject, name: one.subject, note: one.last_day })),
  },
};

/** Make an input a combobox (ARIA 1.2): suggestions below it, chosen with the arrow keys or a pointer. */
export function attachSuggestions(input) {
  const list = document.getElementById("suggestions");
  const source = SOURCES[input.dataset.suggest];
  const state = { options: [], at: -1, timer: 0, asking: null };
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) {
    input.setAttribute(name, value);
  }

  const close = () => {
    list.hidden = true;
    state.at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (one) => {
    input.value = one.id;
    close();
    input.form.requestSubmit();
  };
  const mark = (at) => {
    state.at = at;
    [...list.children].forEach((row, k) => row.setAttribute("aria-selected", String(k === at)));
    list.children[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", list.children[at].id);
  };
  const show = (options) => {
    state.options = options;
    state.at = -1;
    list.replaceChildren(...(options.length ? options.map(row) : [emptyRow(input.dataset.none)]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  };
  const ask = async () => {
    state.asking?.abort();
    const text = input.value.trim();
    if (!text) return close();
    state.asking = new AbortController();
    try {
      const answer = await fetch(source.address(text), { signal: state.asking.signal });
      if (answer.ok) show(source.read(await answer.json()));
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter and arrows belong to the input method while it composes.
    const count = state.options.length;
    if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "Enter" && !list.hidden && state.at >= 0) choose(state.options[state.at]);
    else if (event.key === "ArrowDown" && list.hidden) ask();
    else if (event.key === "ArrowDown" && count) mark((state.at + 1) % count);
    else if (event.key === "ArrowUp" && count && !list.hidden) mark((state.at - 1 + count) % count);
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  // Before the blur that a press outside the input causes.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const at = [...list.children].indexOf(event.target.closest("[role=option]"));
    if (state.options[at]) choose(state.options[at]);
  });
}

function row(one, k) {
  const made = option(`suggestion-${k}`);
  const name = document.createElement("span");
  name.textContent = one.name;
  const note = document.createElement("span");
  note.className = "note";
  note.textContent = one.note ?? "";
  made.append(name, note);
  return made;
}

function emptyRow(text) {
  const made = option("suggestion-none");
  made.setAttribute("aria-disabled", "true");
  made.textContent = text;
  return made;
}

function option(id) {
  const made = document.createElement("li");
  made.id = id;
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  return made;
}
