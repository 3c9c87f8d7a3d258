// A draft of a policy is long: what was typed is kept in this window until it was received, whatever happens meanwhile.
import * as drafts from "./drafts.js";

const form = document.querySelector("#draft");
const key = form.dataset.kept;
const note = document.querySelector("[data-restored]");
const OWN = /^(csrf|once|base|do)$/;
const fields = () => [...form.elements].filter((field) => field.name && !OWN.test(field.name));

function keep() {
  const typed = fields().map((field) => [field.name, field.value, field.checked === true]);
  drafts.keep(key, { typed });
}

function restore(typed) {
  for (const [name, value, checked] of typed) {
    for (const field of fields().filter((each) => each.name === name)) {
      if (field.type !== "checkbox") field.value = value;
      else if (field.value === value) field.checked = checked;
    }
  }
  note.hidden = false;
}

const kept = drafts.kept(key);
if ("fresh" in form.dataset && kept) restore(kept.typed);
form.addEventListener("input", keep);
document.querySelector("[data-forget]").addEventListener("click", () => drafts.forget(key));

// A file that is fetched leaves the page where it is: its button is good again.
form.addEventListener("submit", (event) => {
  if (event.submitter && "file" in event.submitter.dataset) setTimeout(() => delete form.dataset.sent, 1000);
});
