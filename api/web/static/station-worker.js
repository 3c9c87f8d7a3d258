// Keeps a station's screen usable without network: the page that the screen put aside, without anybody's name, and the
// files that it needs. Whatever else is asked goes to the network as always.

const CACHE = "station";
const PATIENCE = 6000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  const isScreen = event.request.mode === "navigate" && /^\/stations\/[0-9]+\/screen$/.test(pathname);
  if (isScreen || pathname.startsWith("/static/")) event.respondWith(networkFirst(event.request));
});

// A line that hangs, or a server that is down, is as good as none.
async function networkFirst(request) {
  const kept = await (await caches.open(CACHE)).match(request, { ignoreVary: true });
  if (!kept) return fetch(request);
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE, null); });
  const answer = await Promise.race([fetch(request), late]).catch(() => null);
  return answer && answer.status < 500 ? answer : kept;
}
