// The station's screen: draws the code of this moment, fetches the next ones ahead, and keeps the box in focus for the
// scanner gun.

import { drawCode } from "./qr.js";

const screen = document.querySelector("[data-screen]");
const symbol = screen.querySelector("[data-symbol]");
const warning = screen.querySelector("[data-warning]");
const left = screen.querySelector(".left > span");
const box = screen.querySelector("[data-gun]");
const canvas = document.createElement("canvas");

let codes = [];
let offset = 0;
let drawn = null;

function warn(sentence) {
  warning.textContent = sentence;
  warning.hidden = !sentence;
}

async function fetchCodes() {
  const sent = Date.now();
  let answer;
  try {
    answer = await fetch(screen.dataset.codes);
  } catch {
    return; // the line is bad: the codes at hand last two minutes
  }
  if (answer.redirected || answer.status === 401) {
    location.reload();
    return;
  }
  const said = await answer.json();
  if (!answer.ok) {
    codes = [];
    warn(said.sentence);
    return;
  }
  offset = said.now - (sent + Date.now()) / 2;
  codes = said.codes;
  for (const figure of screen.querySelectorAll("[data-count]")) figure.textContent = said.counts[figure.dataset.count];
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

await fetchCodes();
draw();
setInterval(draw, 250);
setInterval(fetchCodes, 15000);
box.focus();
