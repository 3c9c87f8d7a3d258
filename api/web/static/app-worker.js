// Shows a page of our own where a page of the volunteer's cannot be fetched for want of network. It keeps nothing else:
// the member's code has its own worker, and so has a station's screen.

const CACHE = "offline";
const PAGE = "/offline";
const NOT_OURS = /^\/(api|stations|till|shop|office|merchant|L|login|logout)(\/|$)/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add(PAGE)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.registration.navigationPreload?.enable(), self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || request.mode !== "navigate") return;
  const { pathname, origin } = new URL(request.url);
  if (origin === self.location.origin && !NOT_OURS.test(pathname)) event.respondWith(page(event));
});

async function page(event) {
  try {
    return (await event.preloadResponse) ?? await fetch(event.request);
  } catch {
    return (await caches.match(PAGE, { ignoreVary: true })) ?? Response.error();
  }
}
