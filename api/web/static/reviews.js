// One box that ticks them all; it shows a dash while only some are.

const all = document.querySelector("[data-all]");
const boxes = [...document.querySelectorAll('[name="record[]"]:not(:disabled)')];

function reflect() {
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}

if (all) {
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  for (const box of boxes) box.addEventListener("change", reflect);
  reflect(); // what could not be decided comes back ticked
}
