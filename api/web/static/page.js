// What every page does with script: say that there is some, send no form twice by a double click, keep what is being
// typed until it was received, and clear what an earlier member left on this phone.
const root = document.documentElement;
root.classList.add("scripted");

const PATIENCE = 10000;

function free(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  });
  // A line that hangs must not lock the form for good.
  setTimeout(() => free(form), PATIENCE);
  if (form.action.endsWith("/logout")) sessionStorage.clear();
});

// Coming back to the page by the back button must find a form that can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) free(form);
});

// A login may be over when a form is sent: what was typed is there again afterwards, in this window only.
for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = form.dataset.draft;
  const fields = [...form.querySelectorAll("textarea, input[type=text]")];
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  for (const field of fields) field.value ||= kept[field.name] ?? "";
  form.addEventListener("input", () => {
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.value]))));
  });
}
for (const received of document.querySelectorAll("[data-drafted]")) sessionStorage.removeItem(received.dataset.drafted);

// Nobody is logged in here, or somebody is about to be: whoever was before has no code on this phone any more.
if (!("member" in root.dataset)) {
  globalThis.indexedDB?.deleteDatabase("timebank");
  globalThis.caches?.delete("member-code").catch(() => {});
}
