// What every page does with script: say that there is some, and send no form twice by a double click.
document.documentElement.classList.add("scripted");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  // Coming back to the page by the back button must find a form that can be sent again.
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  });
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
  }
});
