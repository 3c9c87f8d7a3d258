// The till's page, renewed by what it sends: jobs one after the other, what comes back is shown, and without network the
// page stays as it is and says so. What was lost is asked for again, which books nothing.

import { LostError, RefusedError, ask } from "./till-line.js";
import { keepLens } from "./till-lens.js";
import { isOn, play } from "./till-sound.js";

const AGAIN = 2000;
export const PAPER = "till.paper";

export const till = () => document.querySelector("[data-till]");
export const box = () => document.querySelector("[data-main]");
export const find = (selector) => till().querySelector(selector);

// What is to be sent, one after the other: each sees the page that the one before brought.
const jobs = [];
export let isWorking = false;
let watch = 0;
let lostConfirm = false;
let asked = 0; // the answer to what was asked before this is old
// The basket that was left to look at something else: the way back to the till leads to it.
export const away = { address: "" };

function say(sentence, isGood = false) {
  const bar = find("[data-lost]");
  bar.classList.toggle("good", isGood);
  bar.classList.toggle("bad", !isGood);
  bar.firstElementChild.textContent = sentence;
  bar.hidden = !sentence;
}

function show({ page, address }, { push } = {}) {
  const [old, fresh] = [box(), page.querySelector("[data-main]")];
  if (old && fresh && old.id === fresh.id && old.id === "entry") fresh.value = old.value;
  const [paid, due] = [find("[data-confirm] #cash"), page.querySelector("[data-confirm] #cash")];
  const basket = (root) => root.querySelector("[data-confirm] [name=quote]")?.value;
  const had = find("[data-entry] [name=quote]")?.value;
  if (had && !page.querySelector("[data-entry]")) away.address = location.href;
  const isSameSale = paid && due && basket(document) === basket(page);
  const isInCash = isSameSale && document.activeElement === paid;
  if (isSameSale) due.value = paid.value;
  document.body.className = page.body.className;
  document.title = page.title;
  const links = document.querySelector(".links");
  if (links) links.hidden = !page.querySelector(".links");
  const video = keepLens(page);
  document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
  if (address) history[push ? "pushState" : "replaceState"](null, "", address);
  video?.play();
  lostConfirm = false;
  clearTimeout(watch);
  settle();
  if (isInCash) due.focus();
}

// After each page: the sound button, the paper that this device prints on, and where the keys go.
export function settle() {
  const button = find("[data-sound]");
  if (button) {
    button.setAttribute("aria-pressed", String(isOn()));
    button.querySelector("span").textContent = isOn() ? button.dataset.on : button.dataset.off;
  }
  const paper = localStorage.getItem(PAPER);
  if (paper) for (const link of document.querySelectorAll("[data-paper]")) link.search = `?paper=${paper}`;
  (find("[data-choice]") ?? box())?.focus();
}

function sound(page) {
  if (page.querySelector("[data-problem]")) play("refused");
  else if (page.querySelector("[data-done]")) play("done");
  else play(page.querySelector("[data-bars]") ? "refused" : "taken");
}

async function work() {
  if (isWorking) return;
  isWorking = true;
  till().setAttribute("aria-busy", "true");
  try {
    while (jobs.length) await send(jobs.shift());
  } finally {
    isWorking = false; // whatever happened: a till that takes no more keys is the worst of all
    till().removeAttribute("aria-busy");
  }
}

async function send(job) {
  const request = job.request();
  if (!request) return; // its button is no more
  asked += 1;
  try {
    const answer = await ask(request.address, request.fields);
    sound(answer.page);
    const isRefused = answer.page.querySelector("[data-problem]");
    show(answer, request);
    if (isRefused) leaveRest();
  } catch (problem) {
    if (!(problem instanceof LostError || problem instanceof RefusedError)) throw problem;
    fail(job, request, problem);
  }
}

function fail(job, request, problem) {
  play("refused");
  job.keep?.();
  const words = find("[data-lost]").dataset;
  if (problem instanceof RefusedError) say(problem.message);
  else if (!problem.wasSent) say(words.offline);
  else say(request.confirms ? words.unanswered : words.unsent);
  if (request.confirms && problem instanceof LostError) lostConfirm ||= problem.wasSent;
  leaveRest();
  if (problem instanceof LostError) await_();
}

// What was scanned after something that was not taken was not taken either: say so, it is scanned again.
function leaveRest() {
  const left = jobs.splice(0).map((job) => job.text).filter(Boolean);
  if (!left.length) return;
  const bar = find("[data-lost]");
  const before = bar.hidden ? "" : `${bar.firstElementChild.textContent} `;
  say(`${before}${bar.dataset.left}${left.join(", ")}`);
}

// The line is lost: ask again for this same page, which books nothing, until it comes; it shows what came of the sale.
function await_() {
  clearTimeout(watch);
  watch = setTimeout(look, AGAIN);
}

export async function look() {
  if (isWorking) return;
  clearTimeout(watch);
  const own = ++asked;
  let answer;
  try {
    answer = await ask(location.href);
  } catch {
    if (!isWorking && own === asked) await_();
    return;
  }
  if (isWorking || own !== asked) return; // something was sent or asked meanwhile, and that answers
  const wasLost = lostConfirm;
  const isDone = answer.page.querySelector("[data-done]");
  show(answer);
  if (wasLost && isDone) play("done");
  else say(wasLost ? find("[data-lost]").dataset.again : find("[data-lost]").dataset.back, true);
}

export function put(job) {
  jobs.push(job);
  work();
}

export const fieldsOf = (form, submitter) => new URLSearchParams(new FormData(form, submitter));

export function enter(field, text) {
  const name = field.name;
  put({
    text: name === "entry" ? text : "",
    request() {
      const now = box();
      if (now?.name !== name) return null;
      const fields = fieldsOf(now.form);
      fields.set(name, text);
      return { address: now.form.action, fields };
    },
    keep() {
      const now = box();
      if (now?.name === name && !now.value) {
        now.value = text;
        now.select();
      }
    },
  });
}
