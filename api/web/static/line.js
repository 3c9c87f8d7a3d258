// The line at the top of a station's pages: whether there is network, and what waits on this tablet to be sent. It sends
// by itself as soon as that works.

import * as queue from "./queue.js";

const line = document.querySelector("[data-line]");
const needs = document.querySelector("[data-needs-line]");
const PATIENCE = 15000;
const EVERY = 15000;
const BATCH = 100;

let isOnline = navigator.onLine;
let isOver = false;
let sending;

export const isUp = () => isOnline;

export function tell(online) {
  isOnline = online;
  return show();
}

export async function show() {
  const lamp = line.querySelector("[data-lamp]");
  lamp.textContent = isOnline ? line.dataset.online : line.dataset.offline;
  lamp.classList.toggle("off", !isOnline);
  // A page that needs the network says so for as long as there is none; the screen does where one asks for such a page.
  if (needs && (isOnline || needs.dataset.needsLine !== "asked")) needs.hidden = isOnline;
  const words = [];
  try {
    const [own, entries, said] = await Promise.all([queue.device(), queue.waiting(), queue.answers()]);
    const refused = said.filter((each) => each.sentence).length;
    if (entries.length) words.push(line.dataset.waits.replace("{count}", entries.length));
    else words.push(own ? line.dataset.none : line.dataset.not);
    if (refused) words.push(line.dataset.refused.replace("{count}", refused));
    if (entries.length && isOver) words.push(line.dataset.login);
    line.classList.toggle("waits", entries.length > 0);
  } catch {
    words.push(line.dataset.not); // this browser keeps nothing
  }
  line.querySelector("[data-waiting]").textContent = words.join(" · ");
  document.dispatchEvent(new Event("queue"));
}

async function post(entries) {
  const answer = await fetch("/stations/queue", {
    method: "POST",
    headers: { "X-CSRF-Token": line.dataset.csrf, "Content-Type": "application/json" },
    body: JSON.stringify({ device_id: entries[0].device, entries: entries.map((each) => each.sent) }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  isOver = answer.redirected || answer.status === 401 || answer.status === 403;
  if (!answer.ok || answer.redirected) return false;
  await queue.settle((await answer.json()).entries);
  return true;
}

async function sendAll() {
  try {
    for (;;) {
      const entries = (await queue.waiting()).slice(0, BATCH);
      if (!entries.length || !(await post(entries))) break;
      isOnline = true;
    }
  } catch {
    // the line is bad, or nothing is kept here: what waits goes on waiting
  }
  await show();
}

// One at a time; who asks meanwhile waits for the same.
export function send() {
  sending ??= sendAll().finally(() => { sending = undefined; });
  return sending;
}

document.querySelector(".station .tabs")?.addEventListener("click", (event) => {
  const way = event.target.closest("a");
  if (isOnline || !way || new URL(way.href).pathname.endsWith("/screen")) return;
  event.preventDefault(); // there is nothing behind it now but the browser's own page
  needs.hidden = false;
});
addEventListener("online", () => { tell(true).then(send); });
addEventListener("offline", () => { tell(false); });
setInterval(() => { if (navigator.onLine) send(); }, EVERY);
show().then(() => (navigator.onLine ? send() : undefined));
