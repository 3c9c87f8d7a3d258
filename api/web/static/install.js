// Has the phone keep the page that is shown without network, in the language and size that were chosen last.
const CACHE = "offline";
const root = document.documentElement;
const chosen = `${root.lang} ${root.className}`;

async function keep() {
  await navigator.serviceWorker.register("/worker.js");
  if (localStorage.getItem(CACHE) === chosen) return;
  const cache = await caches.open(CACHE);
  await cache.add("/offline");
  localStorage.setItem(CACHE, chosen);
}

// After everything else: nothing on the page waits for it.
if ("serviceWorker" in navigator) addEventListener("load", () => { keep().catch(() => {}); });
