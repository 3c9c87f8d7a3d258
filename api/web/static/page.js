// What every page does with script: say that there is some, send no form twice by a double click, keep what is being
// typed until it was received, read aloud, and clear what an earlier member left on this phone.
import "./drafts.js";

const root = document.documentElement;
root.classList.add("scripted");

const PATIENCE = 10000;

function free(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
}

// What is known to go nowhere is not sent: the page stays, with all that was typed. A browser that says so of a server
// on the same machine is wrong, and the server is asked.
async function hold(form, submitter) {
  const isUp = await fetch(import.meta.url, { cache: "no-store" }).then(() => true, () => false);
  free(form);
  if (isUp || navigator.onLine) {
    form.dataset.up = "";
    form.requestSubmit(submitter);
    delete form.dataset.up;
    return;
  }
  form.dispatchEvent(new Event("unsent"));
  const note = document.querySelector(".unsent") ?? document.createElement("div");
  note.className = "note bad unsent";
  note.setAttribute("role", "alert");
  note.textContent = document.body.dataset.unsent;
  document.body.append(note);
}
addEventListener("online", () => document.querySelector(".unsent")?.remove());

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => {
    if (form.dataset.sent) for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  });
  if (!navigator.onLine && form.method === "post" && !("up" in form.dataset)) {
    event.preventDefault();
    hold(form, submitter);
    return;
  }
  // A line that hangs must not lock the form for good.
  // One that opens a tab of its own leaves this page as it is.
  setTimeout(() => free(form), form.target ? 1000 : PATIENCE);
  if (form.action.endsWith("/logout")) sessionStorage.clear();
});

// Coming back to the page by the back button must find a form that can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) free(form);
});

// What scrolls sideways in itself is reached by the keyboard, too.
for (const each of document.querySelectorAll(".scroll")) if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;

// Of places that do not fit side by side, the one that this is stands in view.
for (const here of document.querySelectorAll(".links [aria-current]")) {
  here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft;
}

// The elders' view reads the page aloud: what stands in it, line by line; pressed again it is quiet.
for (const button of document.querySelectorAll("[data-speak]")) {
  const voice = globalThis.speechSynthesis;
  if (!voice) {
    button.hidden = true;
    continue;
  }
  const words = button.querySelector("span");
  const rest = () => {
    words.textContent = button.dataset.start;
    button.removeAttribute("aria-pressed");
  };
  voice.cancel();
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed")) {
      voice.cancel();
      rest();
      return;
    }
    const lines = document.querySelector("main").innerText.split("\n").filter((line) => line.trim());
    lines.forEach((line, number) => {
      const said = new SpeechSynthesisUtterance(line);
      said.lang = root.lang;
      said.rate = 0.85;
      if (number === lines.length - 1) said.addEventListener("end", rest);
      voice.speak(said);
    });
    words.textContent = button.dataset.stop;
    button.setAttribute("aria-pressed", "true");
  });
}

// Nobody is logged in here, or somebody is about to be: whoever was before has no code on this phone any more.
if (!("member" in root.dataset)) {
  globalThis.indexedDB?.deleteDatabase("timebank");
  globalThis.caches?.delete("member-code").catch(() => {});
}
