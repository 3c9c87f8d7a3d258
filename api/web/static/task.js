// While a task is being worked at, its page looks again every two seconds, and is shown anew once there is an end to it.
const PACE = 2000;

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-working]");
    if (!now) {
      location.reload();
      return;
    }
    const progress = document.querySelector("[data-working] progress");
    const then = now.querySelector("progress");
    if (then.hasAttribute("value")) progress.value = then.value;
    else progress.removeAttribute("value");
    const words = document.querySelector("[data-working] strong");
    if (words.textContent !== now.querySelector("strong").textContent) words.textContent = now.querySelector("strong").textContent;
  } catch {
    // The line is away: look again.
  }
  setTimeout(look, PACE);
}

setTimeout(look, PACE);
