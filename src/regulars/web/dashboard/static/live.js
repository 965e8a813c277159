// The server says when something is new; the page then takes its changing parts, in its own language, from the server.
const AGAIN = 10_000; // Milliseconds until a stream that was refused is asked for again.
const tools = document.getElementById("live-tools");
const said = document.getElementById("live-state");
const button = document.getElementById("live-pause");
let source = null;
let paused = false;
let busy = false;
let waiting = null;

function say(state) {
  const text = said.dataset[state];
  if (said.textContent === text) return;
  said.textContent = text;
  said.className = `mark ${{ liveOn: "good", liveLost: "bad" }[state] ?? "open"}`;
}

function open() {
  clearTimeout(waiting);
  if (source || paused || document.hidden) return;
  source = new EventSource("/api/live/stream");
  source.addEventListener("open", () => say("liveOn"));
  source.addEventListener("live", refresh);
  source.addEventListener("error", () => {
    if (!source) return;
    say("liveLost");
    // A browser comes back by itself to a stream that broke off, and never to one that was refused.
    if (source.readyState === EventSource.CLOSED) {
      close();
      waiting = setTimeout(open, AGAIN);
    }
  });
}

function close() {
  clearTimeout(waiting);
  source?.close();
  source = null;
}

async function refresh() {
  if (busy || paused) return;
  busy = true;
  try {
    const answer = await fetch("/dashboard/live/now", { headers: { accept: "text/html" } });
    if (answer.ok && !paused) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    say("liveLost");
  } finally {
    busy = false;
  }
}

/** Put new parts in the place of old ones, but never under somebody's hands. */
function show(fresh) {
  for (const place of document.querySelectorAll("[data-live]")) {
    const part = fresh.querySelector(`[data-live="${place.dataset.live}"]`);
    if (!part || place.contains(document.activeElement) || place.innerHTML === part.innerHTML) continue;
    place.replaceChildren(...part.childNodes);
  }
}

button.addEventListener("click", () => {
  paused = !paused;
  button.textContent = paused ? button.dataset.goOn : button.dataset.pause;
  if (paused) {
    close();
    say("liveOff");
  } else {
    open();
  }
});
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
tools.hidden = false;
open();
