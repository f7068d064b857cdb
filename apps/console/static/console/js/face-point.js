// Pointing at a face in a stopped clip fills in the moment and the place. Without it the three numbers are typed.
import { gettext } from "./words.js";

const box = document.querySelector("[data-face-point]");
const field = (name) => document.querySelector(`[name="${name}"]`);

if (box && field("at_seconds")) {
  const video = box.querySelector("video");
  const arm = box.querySelector("[data-face-point-arm]");
  const said = box.querySelector("[data-face-point-said]");

  const disarm = () => {
    delete video.dataset.armed;
    video.controls = true;
  };

  // The picture may be letterboxed inside the element: shares are of the picture.
  const place = (event) => {
    const frame = video.getBoundingClientRect();
    const scale = Math.min(frame.width / video.videoWidth, frame.height / video.videoHeight);
    const width = video.videoWidth * scale;
    const height = video.videoHeight * scale;
    const x = (event.clientX - frame.left - (frame.width - width) / 2) / width;
    const y = (event.clientY - frame.top - (frame.height - height) / 2) / height;
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? [x, y] : null;
  };

  arm.hidden = false;
  arm.addEventListener("click", () => {
    video.pause();
    video.controls = false;
    video.dataset.armed = "";
    said.textContent = gettext("Now point at the face.");
  });
  video.addEventListener("click", (event) => {
    if (!("armed" in video.dataset) || !video.videoWidth) return;
    event.preventDefault();
    const found = place(event);
    if (!found) return;
    field("at_seconds").value = video.currentTime.toFixed(2);
    field("at_x").value = (100 * found[0]).toFixed(1);
    field("at_y").value = (100 * found[1]).toFixed(1);
    said.textContent = gettext("Face noted at %(seconds)s s.", { seconds: video.currentTime.toFixed(2) });
    disarm();
  });
}
