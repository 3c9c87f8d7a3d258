// The page of the member's code: fetches a key once, keeps it on this phone, and draws a new code every 30 seconds.

import { keyOf, memberCode, secondsLeft } from "./member-code.js";
import { drawCode } from "./qr.js";

const page = document.querySelector("[data-code]");
const canvas = page.querySelector("canvas");
const left = page.querySelector(".left > span");
const show = (name) => {
  for (const part of page.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== name;
};

const PATIENCE = 10000;
const AGAIN = 60000;

const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open("timebank", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("passes");
  asked.onsuccess = () => {
    asked.result.onversionchange = () => asked.result.close();
    resolve(asked.result);
  };
  asked.onerror = () => reject(asked.error);
});

async function stored(mode, work) {
  const store = (await opened).transaction("passes", mode).objectStore("passes");
  return new Promise((resolve, reject) => {
    const asked = work(store);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "X-CSRF-Token": page.dataset.csrf, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
  return answer.json();
}

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));

async function renewed(kept) {
  const sent = Date.now();
  const said = await ask("/me/code/pass", { pass_id: kept?.passId ?? null });
  const offset = said.now_milliseconds - (sent + Date.now()) / 2;
  const fresh = said.seed === null
    ? { ...kept, offset }
    : {
      key: await keyOf(bytesOf(said.seed)),
      head: bytesOf(said.head),
      passId: said.pass_id,
      offset,
    };
  return fresh;
}

let kept;
let questions = 0;
let over = 0; // the last question that was answered by the end of the login
let drawn = "";

async function tick() {
  if (!kept) return;
  const now = Date.now() + kept.offset;
  const code = await memberCode(kept.key, kept.head, now);
  if (kept && code !== drawn) {
    drawCode(canvas, code);
    canvas.dataset.code = drawn = code;
    show("code");
  }
  left.style.transform = `scaleX(${secondsLeft(now) / 30})`;
}

async function renew() {
  const own = ++questions;
  try {
    const fresh = await renewed(kept);
    if (own < over) return; // an old answer brings no code back
    // A browser that keeps nothing still shows the code as long as the page is open.
    await stored("readwrite", (store) => store.put(fresh, "mine")).catch(() => {});
    if (own < over) return; // nor one that was being kept when the login ended
    kept = fresh;
    await tick();
  } catch (error) {
    // 401: the login is over, and with it this phone's right to the code. Anything else is the network.
    if (error.status === 401) {
      kept = undefined;
      over = own;
      await stored("readwrite", (store) => store.delete("mine")).catch(() => {});
      show("login");
    } else if (!kept) {
      show(error.status ? "refused" : "offline");
    }
  }
}

// What the phone has is shown at once: a bad line must not keep anybody waiting at the door.
async function begin() {
  if (!globalThis.crypto?.subtle) { show("refused"); return; } // no https
  kept = await stored("readonly", (store) => store.get("mine")).catch(() => undefined);
  await tick();
  setInterval(tick, 500);
  setInterval(() => { if (!kept) renew(); }, AGAIN);
  addEventListener("online", renew);
  await renew();
}

function stayAwake() {
  if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
}
document.addEventListener("visibilitychange", stayAwake);
stayAwake();

if ("serviceWorker" in navigator) navigator.serviceWorker.register("/me/worker.js", { scope: "/me/code" }).catch(() => {});
begin().catch(() => show("refused"));
