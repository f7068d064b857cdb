// Installs the service worker, in the language of the page; without one everything works but the offline page.
if ("serviceWorker" in navigator && window.isSecureContext) {
  const language = encodeURIComponent(document.documentElement.lang);
  navigator.serviceWorker.register(`/service-worker.js?language=${language}`, { scope: "/" }).catch(() => {});
}
