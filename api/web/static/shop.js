// The catalogue: one more, one less, and what is chosen adds up before it is sent. Without this the numbers are typed.
const form = document.querySelector("[data-basket]");
const points = Number(form?.dataset.points ?? NaN);

const counted = (stepper) => Number(stepper.querySelector("input[name='count[]']").value.trim() || 0);

function add() {
  const steppers = [...form.querySelectorAll(".stepper")];
  const pieces = steppers.reduce((all, each) => all + counted(each), 0);
  const sum = steppers.reduce((all, each) => all + counted(each) * Number(each.dataset.price), 0);
  const shown = (name, value) => { form.querySelector(name).textContent = Number.isNaN(value) ? "–" : value.toLocaleString("en"); };
  shown("[data-pieces]", pieces);
  shown("[data-sum]", sum);
  form.querySelector("[data-too-many]").hidden = !(sum > points);
  // What is chosen stays in sight; before anything is, the goods do.
  form.classList.toggle("chosen", pieces > 0);
}

form?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (!button) return;
  const stepper = button.closest(".stepper");
  const next = (counted(stepper) || 0) + Number(button.dataset.step);
  const field = stepper.querySelector("input[name='count[]']");
  field.value = next <= 0 ? "" : Math.min(next, Number(stepper.dataset.stock));
  add();
});
form?.addEventListener("input", add);
// After the back button the browser fills the numbers in again, once the page is shown.
if (form) {
  addEventListener("pageshow", add);
  add();
}
