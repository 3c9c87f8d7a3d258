// Asking the server without leaving the page: what is asked for comes back as a page, or is told not to have come.

const PATIENCE = 10000;

// Nothing came back. It `wasSent` unless the device itself knew that there was no network.
export class LostError extends Error {
  constructor(wasSent) {
    super("no answer");
    this.wasSent = wasSent;
  }
}

// A page that is none of the till's: its sentence is shown, and the till stays as it is.
export class RefusedError extends Error {}

export async function ask(address, fields) {
  if (!navigator.onLine) throw new LostError(false);
  let answer;
  let text;
  try {
    answer = await fetch(address, {
      method: fields ? "POST" : "GET",
      body: fields,
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    text = await answer.text();
  } catch {
    throw new LostError(true);
  }
  if (answer.status >= 500) throw new LostError(true);
  const { pathname } = new URL(answer.url);
  if (pathname === "/login") {
    location.assign(answer.url);
    return new Promise(() => {}); // the page is on its way out
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  if (!page.querySelector("[data-till]")) throw new RefusedError(page.querySelector("main .note, main h1")?.textContent.trim());
  return { page, address: answer.redirected || !fields ? answer.url : null };
}
