// One box that ticks them all, shows a dash while only some are, and one button that ticks what has no flag. How many
// are ticked stands on the button that approves them.

const all = document.querySelector("[data-all]");
const boxes = [...document.querySelectorAll('[name="record[]"]:not(:disabled)')];
const shown = document.querySelector("[data-ticked]");

function reflect() {
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  shown.textContent = ticked ? ` (${ticked})` : "";
}

function tick(wanted) {
  for (const box of boxes) box.checked = wanted(box);
  reflect();
}

if (all) {
  all.addEventListener("change", () => tick(() => all.checked));
  document.querySelector("[data-clean]").addEventListener("click", () => tick((box) => !("flagged" in box.dataset)));
  for (const box of boxes) box.addEventListener("change", reflect);
  reflect(); // what could not be decided comes back ticked
}
