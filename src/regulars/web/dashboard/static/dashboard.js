import { attachCopying } from "./copy.js";
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

// On a phone the pages stand in one line that may be longer than the screen.
document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
attachKeyboard();
document.querySelectorAll("[data-copy]").forEach(attachCopying);
document.querySelectorAll("[data-suggest]").forEach(attachSuggestions);
await drawFigures(document.querySelectorAll("[data-figure]"));
