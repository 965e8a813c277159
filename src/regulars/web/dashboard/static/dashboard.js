import { drawFigures } from "./figures.js";
import { attachKeyboard } from "./keyboard.js";
import { attachSuggestions } from "./suggest.js";

// The switches are remembered by cookies; a shared or reloaded address should not carry them.
const address = new URL(location.href);
if (address.searchParams.has("lang") || address.searchParams.has("theme")) {
  address.searchParams.delete("lang");
  address.searchParams.delete("theme");
  history.replaceState(null, "", address);
}

attachKeyboard();
document.querySelectorAll("[data-suggest]").forEach(attachSuggestions);
await drawFigures(document.querySelectorAll("[data-figure]"));
