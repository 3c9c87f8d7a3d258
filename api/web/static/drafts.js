// What is being typed is kept by this window until it was received: a login may be over when a form is sent, or the line
// may be. It belongs to who typed it: a page of somebody else's throws it away.
const KEY = "drafts";
const owner = document.documentElement.dataset.member;

function all() {
  const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!owner) return {}; // nobody is known on this page: nothing is shown, and nothing is lost
  if (found && found.of !== owner) sessionStorage.removeItem(KEY);
  return found?.of === owner ? found.forms : {};
}

function put(forms) {
  if (!owner) return;
  if (Object.keys(forms).length) sessionStorage.setItem(KEY, JSON.stringify({ of: owner, forms }));
  else sessionStorage.removeItem(KEY);
}

export const kept = (name) => all()[name];
export const keep = (name, draft) => put({ ...all(), [name]: draft });
export function forget(name) {
  const { [name]: _, ...rest } = all();
  put(rest);
}

// What is hidden, secret or a file is not kept. A box is known by its value, too, and a dot by its group.
const LEFT_OUT = /^(hidden|password|file|submit|button)$/;
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !LEFT_OUT.test(field.type) && !("unkept" in field.dataset));
const valueOf = (field) => (field.type === "checkbox" ? field.checked : field.value);

function nameOf(field) {
  if (field.type === "checkbox") return `${field.name}=${field.value}`;
  return field.type === "radio" ? field.name : field.id || field.name;
}

function restore(form, typed) {
  for (const field of fieldsOf(form)) {
    const name = nameOf(field);
    if (!(name in typed)) continue;
    if (field.type === "checkbox") field.checked = typed[name];
    else if (field.type === "radio") field.checked = field.value === typed[name];
    else field.value = typed[name];
    for (let around = field.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  }
}

// Only what was typed is kept, so that what somebody else changed meanwhile is not undone. What was sent and not answered
// is shown as it was sent, with the mark that makes it one request however often it is sent; changed, it is another.
function follow(form) {
  const name = form.dataset.draft;
  const mark = form.elements.once;
  const own = mark?.value;
  form.autocomplete = "off"; // else the browser brings back what was received, too
  const { typed, last } = kept(name) ?? { typed: {} };
  const isAnswered = "answer" in document.documentElement.dataset;
  if (kept(name)) keep(name, { typed, sent: false, last: isAnswered ? undefined : last });
  restore(form, typed);
  if (mark && last?.once && !isAnswered) {
    restore(form, last.fields);
    mark.value = last.once;
  }
  form.addEventListener("input", ({ target: field }) => {
    if (!fieldsOf(form).includes(field)) return;
    typed[nameOf(field)] = valueOf(field);
    keep(name, { typed, sent: false });
    if (mark) mark.value = own;
  });
  form.addEventListener("submit", () => {
    const sent = fieldsOf(form).filter((field) => field.type !== "radio" || field.checked);
    const fields = Object.fromEntries(sent.map((field) => [nameOf(field), valueOf(field)]));
    if (mark || kept(name)) keep(name, { typed, sent: true, last: { once: mark?.value, fields } });
  });
  form.addEventListener("unsent", () => {
    if (kept(name)) keep(name, { ...kept(name), sent: false });
  });
}

// A page that comes after a form says so; it may be looked at without the form having been sent. One that has the same form
// again names the mark of what it received, for another may have been sent since.
for (const { dataset } of document.querySelectorAll("[data-drafted]")) {
  for (const name of dataset.drafted.split(" ")) {
    const draft = kept(name);
    if (dataset.once ? draft?.last?.once === dataset.once : draft && draft.sent !== false) forget(name);
  }
}
for (const form of document.querySelectorAll("form[data-draft]")) follow(form);
all();
