// The box of a station's screen: what is scanned is sent without leaving the page, so that the camera stays open and the
// next one need not wait. Without network a tablet that is a station device keeps it in its queue; any other says so.

import { isCard, judged } from "./judging.js";
import { isUp, send, show, tell } from "./line.js";
import * as queue from "./queue.js";
import { clockAhead } from "./station.js";

const screen = document.querySelector("[data-screen]");
const form = screen.querySelector("[data-desk]");
const box = form.elements.shown;
const words = form.dataset;
const { bank, session, station } = document.querySelector("[data-line]").dataset;

const PATIENCE = 6000;
const BUSY = 429;
const SHELL = "station";
const KEPT_PAGES = 8;

let audio;

// Heard without looking: up is good, down is not.
function sound(isGood) {
  try {
    audio ??= new AudioContext();
    const tone = new OscillatorNode(audio, { frequency: isGood ? 880 : 220 });
    const volume = new GainNode(audio, { gain: 0.15 });
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + (isGood ? 0.12 : 0.35));
  } catch {
    // a browser without sound shows it all the same
  }
}

function say(sentence, tone) {
  const note = document.createElement("div");
  note.className = `note ${tone} result`;
  const line = document.createElement("p");
  line.textContent = sentence;
  note.append(line);
  screen.querySelector("[data-result]").replaceChildren(note);
  sound(tone === "good");
}

const REFUSED = {
  code_unreadable: words.unreadable,
  code_of_other_bank: words.other,
  code_expired: words.expired,
  code_early: words.early,
  card_unknown: words.card,
};

async function keep(text, kind) {
  const own = await queue.device().catch(() => undefined);
  if (!own || own.bank !== bank) {
    box.value ||= text;
    say(words.lost, "bad");
    return;
  }
  const offset = clockAhead() ?? own.offset ?? null;
  let { outcome, subject = "" } = judged(text, bank, offset === null ? null : Date.now() + offset);
  // Only a digest of it stays here once it was sent.
  subject &&= await digest(`${session} ${kind} ${subject}`);
  if (outcome === "accepted") {
    const before = [...(await queue.waiting()), ...(await queue.answers())];
    if (before.some((each) => each.subject === subject)) outcome = "repeat";
  }
  const shown = /^[\x20-\x7e]{1,200}$/.test(text) ? text : encodeURIComponent(text).slice(0, 200);
  try {
    await queue.add({
      kind,
      session: Number(session),
      station: Number(station),
      memberCode: isCard(text) ? null : shown,
      card: isCard(text) ? shown : null,
      outcome,
      offset,
      subject: REFUSED[outcome] ? "" : subject,
    });
  } catch {
    box.value ||= text;
    say(words.full, "bad");
    return;
  }
  if (REFUSED[outcome]) say(REFUSED[outcome], "bad");
  else say(outcome === "repeat" ? words.again : `✓ ${words.kept}`, "good");
  await show();
}

async function digest(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function swap(page) {
  for (const part of ["[data-result]", "[data-live]"]) {
    screen.querySelector(part).replaceChildren(...page.querySelector(part).childNodes);
  }
  sound(!screen.querySelector("[data-result] .bad"));
}

// Each scan has a mark of its own: one that is sent again, because its answer was lost, is taken once.
async function take(text, kind) {
  if (!navigator.onLine) return keep(text, kind);
  const once = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let answer;
  let page;
  try {
    answer = await fetch(screen.dataset.address, {
      method: "POST",
      headers: { Accept: "text/html" },
      body: new URLSearchParams({ csrf: form.elements.csrf.value, once, kind, shown: text }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    await tell(false);
    return keep(text, kind);
  }
  if (answer.status >= 500 || answer.status === BUSY) return keep(text, kind);
  if (page.querySelector("[data-result]")) {
    swap(page);
  } else {
    box.value ||= text;
    say(answer.redirected ? words.over : page.querySelector("main p")?.textContent ?? words.over, "bad");
  }
  return send();
}

let turn = Promise.resolve();

form.addEventListener("submit", (event) => {
  if (event.submitter?.formAction.includes("/codes/read")) return; // a photo, to the server
  event.preventDefault();
  event.stopPropagation();
  const text = box.value.trim();
  box.value = "";
  if (!matchMedia("(pointer: coarse)").matches) box.focus();
  if (text) turn = turn.then(() => take(text, form.elements.kind.value)).catch(() => say(words.full, "bad"));
});

// A tablet that is a station device finds this page again without network: without names, and without anybody's code.
async function keepShell() {
  const own = await queue.device().catch(() => undefined);
  if (!own || !globalThis.caches || !navigator.serviceWorker || !navigator.onLine) return;
  await navigator.serviceWorker.register("/stations/worker.js", { scope: "/stations/" });
  await navigator.serviceWorker.ready;
  const cache = await caches.open(SHELL);
  const answer = await fetch(`${screen.dataset.address}&shell=true`);
  if (!answer.ok || answer.redirected) return;
  const wanted = [...document.querySelectorAll("script[src], link[rel=icon]")].map((each) => each.src || each.href);
  const parts = performance.getEntriesByType("resource").map((each) => each.name).filter((name) => name.includes("/static/"));
  const files = new Set([...wanted, ...parts]);
  // The page last: where it is, its files are.
  await cache.addAll([...files]);
  await cache.put(screen.dataset.address, answer);
  screen.dataset.shelved = "";
  const kept = (await cache.keys()).map((request) => request.url);
  const old = kept.filter((url) => url.includes("/static/") && !files.has(url));
  const pages = kept.filter((url) => !url.includes("/static/"));
  await Promise.all([...old, ...pages.slice(0, -KEPT_PAGES)].map((url) => cache.delete(url)));
}

// What the server last said of the time is known again when the tablet is opened without network.
let remembered;
document.addEventListener("unheard", () => { tell(false); });
document.addEventListener("clock", ({ detail: offset }) => {
  if (!isUp()) tell(true).then(send);
  if (Math.abs(offset - remembered) < 1000) return;
  remembered = offset;
  queue.remember(offset).catch(() => {});
});

keepShell().catch(() => {});
