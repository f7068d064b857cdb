// Notifications of the computer or phone: only after the person asked for them in this browser.
const WANTED = "second-look-notices";

export const canNotify = "Notification" in window && window.isSecureContext;

export function isWanted() {
  return canNotify && Notification.permission === "granted" && localStorage.getItem(WANTED) === "on";
}

export function want(value) {
  localStorage.setItem(WANTED, value ? "on" : "off");
}

// One sentence and a reference. A phone shows it through the service worker, which also opens the page.
export async function notify({ id, words, path }) {
  const options = { body: words, tag: id, data: { path } };
  const registration = await navigator.serviceWorker?.getRegistration();
  if (registration?.active) {
    await registration.showNotification("Second Look", options);
    return;
  }
  const notice = new Notification("Second Look", options);
  notice.onclick = () => {
    window.focus();
    location.assign(path);
    notice.close();
  };
}
