/* regulars.js: tells the shop's own collector what visitors do, as far as they agreed.
 * Attributes, calls and what is kept in the browser: docs/page-script.md. */
(function () {
  "use strict";
  const script = document.currentScript || document.querySelector("script[data-key][src*='regulars.js']");
  const stub = window.regulars || {};
  if (!script || stub.version) return; // a second copy would count everything twice

  const VERSION = "0.1.0";
  const CONSENT = "Segment Consent Preference Updated";
  const SECRET = /mail|phone|token|passw|pwd/i; // query parameters that never leave the page
  const KEPT_MS = 390 * 864e5, IDLE_MS = 18e5, WAIT_MS = 2e3, LONGEST_WAIT_MS = 3e5;
  const FULL = 20, HELD = 100, KEPT = 500; // messages: sent at once; held until consent; kept while offline
  const BODY = 6e4, MESSAGE = 3e4, KEPT_CHARS = 25e4; // browsers refuse more than 64 KB from a page that is closed
  const { key, consent: mode, auto, purposes = "", endpoint } = script.dataset;
  const url = (endpoint || new URL(script.src).origin).replace(/\/+$/, "") + "/v1/batch";
  const signal = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const mine = "regulars.queue." + uuid();
  const memory = {};
  let consent = read("consent") || { categories: {} };
  let held = [], queue = [], sending = []; // messages as JSON
  let waiting = stub.q || []; // calls made before the page was there; null once it is
  let timer = 0, failures = 0;

  // ---- what the browser remembers: localStorage, else a first-party cookie; anything ends after 390 days

  function read(name) {
    let text = null;
    try { text = localStorage.getItem("regulars." + name); } catch (error) { /* forbidden: the cookie has it */ }
    try {
      if (text === null) {
        const found = document.cookie.split("; ").find((pair) => pair.startsWith("regulars." + name + "="));
        text = found ? decodeURIComponent(found.slice(found.indexOf("=") + 1)) : null;
      }
      const record = JSON.parse(text);
      return record && record.until > Date.now() ? record.value : null;
    } catch (error) { return null; }
  }

  function write(name, value) {
    const text = JSON.stringify({ value, until: Date.now() + KEPT_MS });
    try { localStorage.setItem("regulars." + name, text); } catch (error) { cookie(name, text, KEPT_MS / 1e3); }
  }

  function cookie(name, text, seconds) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `regulars.${name}=${encodeURIComponent(text)}; path=/; max-age=${seconds}; SameSite=Lax${secure}`;
  }

  function erase(name) {
    delete memory[name];
    try { localStorage.removeItem("regulars." + name); } catch (error) { /* nothing is there */ }
    if (document.cookie.includes("regulars." + name + "=")) cookie(name, "", 0);
  }

  const recall = (name) => read(name) || memory[name] || null;

  function keep(name, value) {
    memory[name] = value;
    if (allowed()) write(name, value);
    return value;
  }

  // ---- consent

  function allowed() {
    const { analytics } = consent.categories;
    return analytics === undefined ? mode !== "required" && !signal : analytics;
  }

  function decide(choices, options) {
    const unasked = mode === "required" ? purposes.split(",").map((name) => name.trim()).filter(Boolean) : [];
    const categories = {};
    unasked.forEach((name) => { categories[name] = false; }); // no answer is no consent
    Object.assign(categories, consent.categories);
    Object.keys(choices || {}).forEach((name) => { categories[name] = choices[name] === true; });
    const notice = options && options.notice !== undefined ? String(options.notice) : undefined;
    // Made first: a withdrawal has to name the visitor that is about to be forgotten.
    const event = message("track", { event: CONSENT, properties: { notice } });
    consent = { categories, notice, time: event.timestamp };
    event.context.consent = { categoryPreferences: categories };
    write("consent", consent);
    if (allowed()) Object.keys(memory).forEach((name) => keep(name, recall(name)));
    else forget(stored());
    push(event);
    release();
    failures = 0;
    flush();
  }

  function forget(queues) {
    held = []; queue = []; sending = [];
    calls.reset();
    queues.forEach((name) => localStorage.removeItem(name));
  }

  /** Take in what another page of the shop was told. */
  function heed() {
    consent = read("consent") || { categories: {} };
    if (allowed()) release();
    else forget([mine]);
  }

  function release() {
    if (!allowed()) return;
    held.splice(0).map(JSON.parse).forEach((one) => {
      one.context.consent = { categoryPreferences: consent.categories };
      push(one);
    });
  }

  // ---- messages

  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // pages without https
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function session() {
    const now = Date.now(), last = recall("session");
    const id = last && now - last.seen < IDLE_MS ? last.id : uuid();
    keep("session", { id, seen: now });
    return id;
  }

  function clean(address) {
    if (!address) return "";
    const parsed = new URL(address, location.href);
    Array.from(parsed.searchParams.keys()).filter((name) => SECRET.test(name))
      .forEach((name) => parsed.searchParams.delete(name));
    parsed.username = parsed.password = parsed.hash = "";
    return parsed.href;
  }

  function place() {
    const here = clean(location.href);
    const { pathname, search } = new URL(here);
    return { url: here, path: pathname, search, title: document.title, referrer: clean(document.referrer) };
  }

  function context() {
    const campaign = {}, page = place();
    new URLSearchParams(page.search).forEach((value, name) => {
      if (/^utm_\w+$/.test(name)) campaign[name === "utm_campaign" ? "name" : name.slice(4)] = value.slice(0, 200);
    });
    const known = Object.keys(consent.categories).length > 0;
    return {
      library: { name: "regulars.js", version: VERSION },
      page,
      campaign: Object.keys(campaign).length ? campaign : undefined,
      locale: navigator.language,
      timezone,
      userAgent: navigator.userAgent, // of which the collector keeps the kind of device
      screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
      consent: known ? { categoryPreferences: consent.categories } : undefined,
      sessionId: session(),
    };
  }

  function message(type, fields) {
    const anonymousId = recall("anonymous") || keep("anonymous", uuid());
    const userId = recall("user") || undefined;
    const timestamp = new Date().toISOString();
    return Object.assign({ type, messageId: uuid(), timestamp, anonymousId, userId, context: context() }, fields);
  }

  function send(type, fields) {
    if (allowed()) push(message(type, fields));
    else if (consent.categories.analytics === undefined) {
      held.push(JSON.stringify(message(type, fields))); // in memory alone
      held = held.slice(-HELD);
    }
  }

  const size = (text) => new TextEncoder().encode(text).length;
  const online = () => navigator.onLine !== false;

  function push(one) {
    const text = JSON.stringify(one);
    if (size(text) > MESSAGE) return warn("a message over 30 KB was dropped: " + (one.event || one.type));
    queue = bounded(queue.concat(text));
    if (document.visibilityState === "hidden") Promise.resolve().then(guarded(leave));
    else if (queue.length >= FULL && !failures && online()) flush();
    else if (!timer) later(WAIT_MS);
  }

  // ---- sending: at least once; the collector knows a messageId that comes again

  function bounded(list) {
    let from = list.length, chars = 0;
    while (from > 0 && list.length - from < KEPT && (chars += list[from - 1].length) <= KEPT_CHARS) from -= 1;
    return list.slice(from); // the newest
  }

  function take() {
    let count = 0, bytes = 200 + size(key);
    while (count < queue.length && (bytes += size(queue[count]) + 1) <= BODY) count += 1;
    return queue.slice(0, count);
  }

  const body = (batch) =>
    `{"writeKey":${JSON.stringify(key)},"sentAt":"${new Date().toISOString()}","batch":[${batch.join(",")}]}`;

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(flush, wait);
  }

  function flush() {
    clearTimeout(timer);
    timer = 0;
    if (sending.length || !queue.length) return;
    if (!online()) return save();
    const batch = sending = take();
    queue = queue.slice(batch.length);
    const more = queue.length > 0;
    const finished = (again, wait) => {
      if (sending !== batch) return; // the visitor withdrew meanwhile
      sending = [];
      failures = again ? failures + 1 : 0;
      if (again) queue = bounded(batch.concat(queue));
      save();
      if (again) later(Math.max(wait, backoff()));
      else if (more || queue.length >= FULL) flush();
      else if (queue.length) later(WAIT_MS);
    };
    // A string is text/plain, which needs no CORS preflight. A page's keepalive requests share 64 KB: not for repeats.
    fetch(url, { method: "POST", body: body(batch), keepalive: !failures, credentials: "omit" }).then((answer) => {
      const again = answer.status === 429 || answer.status >= 500;
      if (!again && !answer.ok) warn(`the collector refused ${batch.length} messages: ${answer.status}`);
      finished(again, again ? asked(answer.headers.get("Retry-After")) : 0);
    }, () => finished(true, 0));
  }

  function backoff() {
    return Math.min(LONGEST_WAIT_MS, 1e3 * Math.pow(2, failures - 1)) * (0.5 + Math.random() / 2);
  }

  function asked(header) {
    if (!header) return 0;
    const wait = /^\d+$/.test(header) ? header * 1e3 : Date.parse(header) - Date.now();
    return Math.min(wait || 0, LONGEST_WAIT_MS);
  }

  function leave() {
    if (online() && queue.length) {
      const batch = take();
      // After failures the beacon may be lost as well: what it carries is kept until an answer was seen.
      if (navigator.sendBeacon(url, body(batch)) && !failures) queue = queue.slice(batch.length);
    }
    save();
  }

  // ---- what could not be sent yet, one record for each tab; the next page takes over what a closed one left

  function stored() {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith("regulars.queue."));
    } catch (error) { return []; }
  }

  function save() {
    const all = bounded(sending.concat(queue));
    try {
      if (all.length) localStorage.setItem(mine, `[${all.join(",")}]`);
      else localStorage.removeItem(mine);
    } catch (error) { /* full or forbidden: memory has them */ }
  }

  function adopt() {
    const refused = consent.categories.analytics === false;
    if (!allowed() && !refused) return;
    const left = stored();
    left.forEach((name) => {
      const kept = JSON.parse(localStorage.getItem(name) || "[]").filter((one) => allowed() || one.event === CONSENT);
      queue = bounded(kept.map((one) => JSON.stringify(one)).concat(queue));
    });
    if (left.length) {
      save(); // first: a crash in between repeats messages, and loses none
      left.forEach((name) => localStorage.removeItem(name));
      flush();
    }
  }

  // ---- calls

  const object = (value) => (value && typeof value === "object" ? value : {});

  const calls = {
    track(event, properties) {
      if (typeof event !== "string" || !event) return warn("track needs the event's name");
      send("track", { event, properties: object(properties) });
    },
    page(name, properties) {
      const given = typeof name === "string" ? { name } : object(name);
      send("page", { name: given.name, properties: Object.assign(place(), given, properties) });
    },
    identify(userId, traits) {
      if (userId && typeof userId === "object") [userId, traits] = [null, userId];
      if (userId !== null && userId !== undefined && userId !== "") {
        const before = recall("user");
        if (before && before !== String(userId)) calls.reset(); // another person at the same browser
        keep("user", String(userId));
      }
      send("identify", { traits: object(traits) });
    },
    alias(userId, previousId) {
      if (!userId) return warn("alias needs the new id");
      const previous = previousId || recall("user") || recall("anonymous") || keep("anonymous", uuid());
      send("alias", { userId: String(userId), previousId: String(previous) });
      keep("user", String(userId));
    },
    consent: decide,
    reset() { ["anonymous", "user", "session"].forEach(erase); },
  };

  function warn(text) { console.warn("regulars.js: " + text); }

  /** A fault of ours, or in what we were given, must not become the page's. */
  function guarded(work) {
    return function () {
      try { return work.apply(null, arguments); } catch (error) { warn(error); }
    };
  }

  const call = guarded((name, ...values) => {
    if (waiting) return waiting.push([name, ...values]);
    if (!Object.prototype.hasOwnProperty.call(calls, name)) return warn(`there is no call '${name}'`);
    calls[name](...values);
  });

  // ---- the page's life

  function follow() {
    const address = () => location.pathname + location.search;
    let last = address();
    const visit = guarded(() => {
      if (address() === last) return;
      last = address();
      calls.page();
    });
    ["pushState", "replaceState"].forEach((name) => {
      const original = history[name];
      history[name] = function () {
        const result = original.apply(this, arguments);
        setTimeout(visit, 0); // frameworks set the title after the address
        return result;
      };
    });
    addEventListener("popstate", () => setTimeout(visit, 0));
    addEventListener("pageshow", (event) => event.persisted && call("page"));
    call("page");
  }

  const listen = (target, name, work) => target.addEventListener(name, guarded(work));

  const start = guarded(() => {
    listen(document, "visibilitychange", () => document.visibilityState === "hidden" && leave());
    listen(window, "pagehide", leave);
    listen(window, "online", () => { failures = 0; flush(); });
    listen(window, "storage", (event) => {
      const name = event.key === null ? "consent" : event.key.replace("regulars.", ""); // null: all was cleared
      delete memory[name]; // another tab wrote: what is stored is what holds
      if (name === "consent") heed();
    });
    listen(window, "pageshow", (event) => event.persisted && heed()); // a page that was put by heard of nothing
    adopt();
    const before = waiting;
    waiting = null;
    before.forEach((values) => call(...values));
    if (auto !== "off") follow();
  });

  if (!key) return warn("the script element has no data-key");
  window.regulars = call;
  window.regulars.version = VERSION;
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start, { once: true });
  else start();
})();
