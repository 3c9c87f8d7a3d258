// The page of a tablet's queue: making it a station device with a key of its own, what waits, what was refused.

import { send, show } from "./line.js";
import * as queue from "./queue.js";

const page = document.querySelector("[data-offline-page]");
const line = document.querySelector("[data-line]");
const form = page.querySelector("[data-enrol]");
const problem = page.querySelector("[data-problem]");
const when = (name, is) => { page.querySelector(`[data-when="${name}"]`).hidden = !is; };

async function draw() {
  const able = await queue.isAble();
  const own = able ? await queue.device() : undefined;
  const isReady = own?.bank === line.dataset.bank;
  when("unable", !able);
  when("ready", isReady);
  when("new", able && !isReady);
  if (!able) return;
  const [entries, said] = await Promise.all([queue.waiting(), queue.answers()]);
  const refused = said.filter((each) => each.sentence);
  page.querySelector("[data-name]").textContent = own?.name ?? "";
  const figures = { waiting: entries.length, taken: said.length - refused.length, refused: refused.length };
  for (const [name, figure] of Object.entries(figures)) page.querySelector(`[data-number=${name}]`).textContent = figure;
  when("refusals", refused.length > 0);
  page.querySelector("[data-refusals]").replaceChildren(...refused.map((each) => {
    const item = document.createElement("li");
    const words = document.createElement("span");
    words.className = "main";
    words.textContent = each.sentence;
    const at = document.createElement("span");
    at.textContent = new Date(each.at).toLocaleString(document.documentElement.lang);
    item.append(words, at);
    return item;
  }));
}

form.addEventListener("submit", async (event) => {
  if (event.submitter?.formAction.includes("/codes/read")) return;
  event.preventDefault();
  event.stopPropagation();
  const key = await queue.newKey();
  const body = new URLSearchParams({ csrf: form.elements.csrf.value, token: form.elements.token.value.trim(), key: key.shown });
  const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!answer?.ok) {
    problem.textContent = said?.sentence ?? line.dataset.offline;
    problem.hidden = false;
    return;
  }
  problem.hidden = true;
  await queue.become(said.device_id, said.name, line.dataset.bank, key.own);
  // The browser is asked not to clear it away when space is short.
  await navigator.storage?.persist?.();
  await show();
});

page.querySelector("[data-send]").addEventListener("click", send);
page.querySelector("[data-clear]").addEventListener("click", async () => {
  await queue.forget();
  await show();
});
document.addEventListener("queue", draw);
draw();
