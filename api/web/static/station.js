// A station's screen, or a merchant's: draws the code of this moment, fetches the next ones ahead, and keeps the box in focus for the
// scanner gun.

import { drawCode } from "./qr.js";

const screen = document.querySelector("[data-screen]");
const symbol = screen.querySelector("[data-symbol]");
const warning = screen.querySelector("[data-warning]");
const left = screen.querySelector(".left > span");
const box = screen.querySelector("[data-gun]");
const canvas = document.createElement("canvas");

const PATIENCE = 10000;

let codes = [];
let offset = 0;
let isSet = false;
let drawn = null;

// How far the server's clock was ahead when it was last asked; null if it never was.
export const clockAhead = () => (isSet ? offset : null);

function warn(sentence) {
  warning.textContent = sentence;
  warning.hidden = !sentence;
}

async function fetchCodes() {
  const sent = Date.now();
  let answer;
  let said;
  try {
    answer = await fetch(screen.dataset.codes, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.redirected || answer.status === 401) {
      location.assign(location.href); // over the login, and back here
      return;
    }
    said = await answer.json();
  } catch {
    document.dispatchEvent(new Event("unheard"));
    return; // the line is bad, or the server busy: the codes at hand last two minutes
  }
  if (!answer.ok) {
    codes = [];
    warn(said.sentence);
    return;
  }
  offset = said.now - (sent + Date.now()) / 2;
  isSet = true;
  document.dispatchEvent(new CustomEvent("clock", { detail: offset }));
  codes = said.codes;
  let isNews = false;
  for (const figure of screen.querySelectorAll("[data-count]")) {
    const count = String(said.counts[figure.dataset.count]);
    // What a merchant took is listed, too: the page is shown anew, unless somebody is typing.
    if (figure.dataset.count === screen.dataset.renew && count !== figure.textContent && !box.value) location.replace(location.href);
    isNews ||= figure.textContent !== count;
    figure.textContent = count;
  }
  if (isNews && screen.dataset.address) await renew();
}

// Somebody checked in, here or by their own phone: the list is fetched anew, and nothing else of the page.
async function renew() {
  const list = screen.querySelector("[data-live]");
  if (list.contains(document.activeElement) || list.querySelector("details[open]")) return;
  try {
    const answer = await fetch(screen.dataset.address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (answer.ok && fresh) list.replaceChildren(...fresh.childNodes);
  } catch {
    // the next count brings it
  }
}

function draw() {
  const now = Date.now() + offset;
  const code = codes.find((each) => each.from <= now && now < each.until);
  if (!code) {
    if (drawn && !warning.textContent) warn(screen.dataset.offline);
    canvas.remove();
    drawn = null;
    return;
  }
  if (drawn !== code.link) {
    drawCode(canvas, code.link);
    symbol.replaceChildren(canvas);
    symbol.dataset.link = drawn = code.link;
    warn("");
  }
  left.style.transform = `scaleX(${(code.until - now) / (code.until - code.from)})`;
}

// A gun types wherever the focus is. Who is choosing something else is left alone.
addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !(document.activeElement?.matches("input, textarea, select, button, a, summary"))) box.focus();
});
for (const choice of screen.querySelectorAll("[type=radio]")) choice.addEventListener("change", () => box.focus());

// A tablet at the door must not go to sleep.
function stayAwake() {
  if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
}
document.addEventListener("visibilitychange", stayAwake);
stayAwake();

setInterval(draw, 250);
setInterval(fetchCodes, Number(screen.dataset.every ?? 15000));
box.focus();
fetchCodes().then(draw);
