// Keys of the till: what is typed goes into the box, F9 redeems, Escape leaves the basket.
const main = document.querySelector("[data-main]");
const fields = "input, select, textarea, button, a, summary";

document.addEventListener("keydown", (event) => {
  const keyed = document.querySelector(`[data-key="${event.key}"]`);
  if (keyed && !keyed.disabled) {
    event.preventDefault();
    keyed.click();
    return;
  }
  // A scanner gun types wherever the focus is: it is led back to the box.
  const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (main && isText && !document.activeElement?.matches(fields)) main.focus();
});

addEventListener("pageshow", () => {
  if (document.activeElement === document.body) main?.focus();
});
