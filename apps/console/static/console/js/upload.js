// Upload with progress. Without this script the form posts as any form does; the server decides everything again.
import { gettext } from "./words.js";

function megabytes(bytes) {
  return `${(bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0)} MB`;
}

function problem(file, most) {
  if (!file) return "";
  if (file.size === 0) return gettext("This file is empty. Choose another one.");
  if (file.size > most) return gettext("This file has %(size)s; at most %(most)s are taken.", { size: megabytes(file.size), most: megabytes(most) });
  return "";
}

function showError(form, words) {
  const place = form.querySelector("[data-upload-error]");
  place.textContent = words;
  place.hidden = !words;
}

function showProgress(form, share, words) {
  const place = form.querySelector("[data-progress]");
  place.hidden = false;
  place.querySelector("progress").value = share * 100;
  place.querySelector("[data-progress-words]").textContent = words;
}

function checked(form) {
  const input = form.querySelector("input[type=file]");
  const words = problem(input.files[0], Number(input.dataset.maxBytes));
  showError(form, words);
  return !words;
}

function stopped(form, words) {
  form.querySelector("[data-progress]").hidden = true;
  form.querySelector("button").disabled = false;
  showError(form, words);
}

// The reply is the alert's page after a redirect, or this page again with what was wrong.
function finished(form, request) {
  const went = new URL(request.responseURL).pathname;
  if (request.status < 400 && went !== new URL(form.action).pathname) {
    location.assign(request.responseURL);
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const answer = page.querySelector("[data-upload]");
  if (!answer) {
    stopped(form, gettext("The server could not take the clip. Nothing was recorded; try again."));
    return;
  }
  const chosen = form.querySelector("input[type=file]");
  answer.querySelector("input[type=file]").replaceWith(chosen);
  form.replaceWith(document.adoptNode(answer));
  attach(answer);
  answer.querySelector(".field-wrong, .errors")?.scrollIntoView({ block: "center" });
}

function send(form) {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const words = event.loaded < event.total ? gettext("%(sent)s of %(total)s sent", { sent: megabytes(event.loaded), total: megabytes(event.total) }) : gettext("Sent; being checked and stored");
    showProgress(form, event.loaded / event.total, words);
  });
  request.addEventListener("load", () => finished(form, request));
  request.addEventListener("error", () => stopped(form, gettext("The connection broke. Nothing was recorded; try again.")));
  form.querySelector("button").disabled = true;
  request.send(new FormData(form));
}

function attach(form) {
  form.addEventListener("change", (event) => event.target.type === "file" && checked(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (checked(form)) send(form);
  });
}

for (const form of document.querySelectorAll("[data-upload]")) attach(form);
