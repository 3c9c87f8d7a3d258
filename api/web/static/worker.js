// Keeps the page of the member's code, and the files it needs, for when there is no network. Nothing else.

const CACHE = "member-code";
const PAGE = "/me/code";
const PATIENCE = 4000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname !== PAGE && !pathname.startsWith("/static/")) return;
  event.respondWith(networkFirst(event.request, pathname));
});

// Kept by path alone: of each there is one, the newest, whatever the language or the version in its address.
async function networkFirst(request, pathname) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(pathname, { ignoreVary: true });
  const asked = fetch(request).then(async (answer) => {
    // A redirect led to the login: that is no page to keep.
    if (answer.ok && !answer.redirected) await cache.put(pathname, answer.clone());
    return answer;
  });
  if (!kept) return asked;
  // A line that hangs, or a server that is down, is as good as none.
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE, null); });
  const answer = await Promise.race([asked, late]).catch(() => null);
  return answer && answer.status < 500 ? answer : kept;
}
