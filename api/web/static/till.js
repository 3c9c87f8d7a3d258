// The till by keyboard and scanner gun: one box takes everything, keys do what their buttons say, and what is sent is
// sent without leaving the page. So nothing that is typed meanwhile is lost, and without network the basket stays.

import { PAPER, away, box, enter, fieldsOf, find, isWorking, look, put, settle, till } from "./till-page.js";
import { play, turn } from "./till-sound.js";

const GUN_GAP = 50;
const GUN_LEAST = 6;
const TYPED = "input:not([type=hidden]), select, textarea";

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.closest("[data-till]") || submitter?.hasAttribute("formaction")) return; // a photo goes its own way
  // The page's own guard against a second sending is not for here: each is sent after the other.
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.matches("[data-entry]")) {
    const field = box();
    const text = field.value.trim();
    field.value = "";
    if (text) enter(field, text);
    return;
  }
  const fields = fieldsOf(form, submitter);
  if (form.method === "get") put({ request: () => ({ address: `${form.action}?${fields}`, push: true }) });
  else put({ request: () => (form.isConnected ? { address: form.action, fields, confirms: form.matches("[data-confirm]") } : null) });
}, true);

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-till] a[href]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && link.pathname.startsWith("/till")) {
    event.preventDefault();
    if (link.dataset.width) localStorage.setItem(PAPER, link.dataset.width);
    const isBack = away.address && link.pathname === "/till" && !link.search && !find("[data-entry]");
    const address = isBack ? away.address : link.href;
    if (link.pathname === "/till") away.address = "";
    put({ request: () => ({ address, push: true }) });
    return;
  }
  if (event.target.closest("[data-sound]")) {
    turn();
    settle();
  } else if (event.target.closest("[data-print]")) print();
  const row = event.target.closest("tr[data-line]");
  if (row) choose(row);
  if (!document.activeElement?.matches(TYPED)) box()?.focus();
});

function choose(row) {
  if (!row || !find("[data-entry] [name=line]")) return;
  for (const each of row.parentElement.children) each.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  row.scrollIntoView({ block: "nearest" });
  find("[data-entry] [name=line]").value = row.dataset.line;
}

function move(by) {
  const choices = [...till().querySelectorAll("[data-choice]")];
  const rows = [...till().querySelectorAll("tr[data-line]")];
  const among = choices.length ? choices : rows;
  const at = among.findIndex((each) => (choices.length ? each === document.activeElement : each.hasAttribute("aria-current")));
  const next = among[Math.min(Math.max(at + by, 0), among.length - 1)];
  if (choices.length) next.focus();
  else if (rows.length > 0 && rows.some((each) => each.hasAttribute("aria-current"))) choose(next);
}

// A gun types fast and ends with Enter, wherever the focus is: what it says belongs into the box.
const SILENCE = { text: "", at: -Infinity };
let burst = SILENCE;

function listen(event) {
  if (event.timeStamp - burst.at > GUN_GAP) {
    const field = document.activeElement;
    burst = { ...SILENCE, field, before: field?.value };
  }
  burst.text += event.key;
  burst.at = event.timeStamp;
}

function heardGun(event) {
  const { text, at, before } = burst;
  // An answer may have renewed the page in the middle of it: then it is the field in the old one's place.
  const field = burst.field?.isConnected ? burst.field : document.getElementById(burst.field?.id);
  burst = SILENCE;
  const isGun = text.length >= GUN_LEAST && event.timeStamp - at <= GUN_GAP;
  if (!isGun || !field?.matches(TYPED) || field === box() || box()?.name !== "entry") return false;
  field.value = before;
  enter(box(), text);
  box().focus();
  return true;
}

function press(event) {
  if (event.key === "Escape" && box()?.value && document.activeElement === box() && box().name === "entry") {
    box().value = "";
    return true;
  }
  if (event.key === "Escape" && document.activeElement?.id === "cash" && box()) {
    box().focus();
    return true;
  }
  const keyed = find(`[data-key="${event.key}"]`);
  if (!keyed) return false;
  if (keyed.matches("input")) {
    keyed.focus();
    keyed.select();
  } else if (keyed.disabled) play("refused");
  // While something is on its way, the button is the one that the next page has.
  else if (isWorking) put({ request: () => { setTimeout(() => find(`[data-key="${event.key}"]`)?.click()); return null; } });
  else keyed.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isText = event.key.length === 1;
  const active = document.activeElement;
  const isEmptyBox = active === box() && active?.name === "entry" && !active.value;
  if (event.key === "Enter" && heardGun(event)) event.preventDefault();
  else if (event.key === "Enter" && active?.id === "cash" && find("[data-confirm]")) {
    event.preventDefault(); // a gun must not redeem: F9 does
    box().focus();
  } else if (event.key === "Enter" && active?.closest("[data-counting]") && active.matches("input")) {
    event.preventDefault();
    const fields = [...active.form.querySelectorAll("input:not([type=hidden])")];
    (fields[fields.indexOf(active) + 1] ?? active.form.querySelector("button")).focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (isEmptyBox || active?.matches("[data-choice]"))) {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (isEmptyBox && (event.key === "+" || event.key === "-") && find("tr[data-line]")) {
    event.preventDefault();
    enter(active, event.key);
  } else if (!isText && press(event)) {
    event.preventDefault();
    burst = SILENCE; // no gun has such a key: what was typed before it is no part of what a gun says after it
  } else if (isText) {
    if (!active?.matches(TYPED) && event.key !== " ") box()?.focus();
    listen(event);
  }
});

addEventListener("popstate", () => put({ request: () => ({ address: location.href }) }));
addEventListener("online", () => { if (!find("[data-lost]").hidden) look(); });
addEventListener("pageshow", settle);
settle();
