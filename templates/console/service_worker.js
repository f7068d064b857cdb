// Keeps Second Look's own static files and one page that says there is no connection; never a page or an answer with data.
const FACTS = {{ facts|safe }};
const PREFIX = "second-look-";
const KEPT = `${PREFIX}${FACTS.release}-${FACTS.offline}`;
const HASHED = /\.[0-9a-f]{12}\.[a-z0-9]+$/;

// The offline page and the files it names, fetched as nobody: no cookie, so nothing personal can be in it.
async function keepOffline() {
  const cache = await caches.open(KEPT);
  const page = await fetch(FACTS.offline, { credentials: "omit", cache: "reload" });
  if (!page.ok) throw new Error(`the offline page answered ${page.status}`);
  const text = await page.clone().text();
  const files = [...text.matchAll(/href="([^"]+)"/g)].map((match) => match[1]);
  await cache.put(FACTS.offline, page);
  await cache.addAll([...new Set(files.filter((file) => file.startsWith(FACTS.files)))]);
}

async function forgetOld() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== KEPT).map((name) => caches.delete(name)));
}

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(FACTS.offline)) ?? Response.error();
  }
}

// A file whose name holds the digest of its content never changes; any other is asked for anew.
async function file(request) {
  const cache = await caches.open(KEPT);
  const isHashed = HASHED.test(new URL(request.url).pathname);
  const kept = await cache.match(request);
  if (isHashed && kept) return kept;
  try {
    const answer = await fetch(request);
    if (isHashed && answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return kept ?? Response.error();
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(keepOffline().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (address.pathname.startsWith(FACTS.files)) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
});

// A notification of the phone: its page is opened in a window that is there already, or in a new one.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = new URL(event.notification.data?.path ?? "/", self.location.origin);
  if (address.origin !== self.location.origin) return;
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then(async ([open]) => {
      if (!open) return self.clients.openWindow(address.href);
      await open.focus();
      return open.navigate(address.href);
    }),
  );
});
