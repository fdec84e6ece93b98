// Full screen, the picture in a window of its own, and a screen that stays on: what this browser
// can do around the picture. The server knows of none. What it cannot do is not offered.

import { byId, setAttribute, setIcon } from "../shared/dom.js";
import { recall, remember } from "../shared/remember.js";
import { tell } from "../shared/announce.js";
import { word } from "../shared/words.js";

export function createScreen({ picture }) {
  const button = byId("fullscreen");
  const use = button.querySelector("use");
  const can = document.fullscreenEnabled;
  button.hidden = !can;

  async function toggleFull() {
    try {
      if (document.fullscreenElement) {
        await document.exitFullscreen();
      } else if (can) {
        await document.documentElement.requestFullscreen();
      }
    } catch {
      tell(word("watch.fullscreen.refused"));
    }
  }

  button.addEventListener("click", toggleFull);
  document.addEventListener("fullscreenchange", () => {
    const full = Boolean(document.fullscreenElement);
    setIcon(use, full ? "minimize" : "maximize");
    const label = full ? word("watch.fullscreen.leave") : word("watch.fullscreen.enter");
    button.setAttribute("aria-label", label);
    button.dataset.tip = label;
  });

  if (picture) {
    offerSmall(picture);
  }
  offerAwake();
  return { toggleFull };
}

/** The picture in a window above all others. Only a video may: the picture is drawn into one. */
function offerSmall(picture) {
  const item = byId("menu-small");
  const canvas = document.createElement("canvas");
  if (!document.pictureInPictureEnabled || !canvas.captureStream) {
    return;
  }
  item.hidden = false;
  const video = document.createElement("video");
  video.muted = true;
  let drawing = 0;

  function draw() {
    const { naturalWidth: width, naturalHeight: height } = picture;
    if (width) {
      if (canvas.width !== width || canvas.height !== height) {
        [canvas.width, canvas.height] = [width, height];
      }
      canvas.getContext("2d").drawImage(picture, 0, 0);
    }
    // Not by frames of this window: they end when it is covered.
    drawing = setTimeout(draw, 33);
  }

  video.addEventListener("leavepictureinpicture", () => {
    clearTimeout(drawing);
    video.srcObject = null;
  });
  item.addEventListener("click", async () => {
    if (document.pictureInPictureElement) {
      document.exitPictureInPicture();
      return;
    }
    try {
      draw();
      video.srcObject = canvas.captureStream();
      await video.play();
      await video.requestPictureInPicture();
    } catch {
      clearTimeout(drawing);
      tell(word("watch.menu.small-refused"));
    }
  });
}

/** Browsers give it to secure pages alone, and take it back from those that are not seen. */
function offerAwake() {
  const item = byId("menu-awake");
  if (!navigator.wakeLock) {
    return;
  }
  item.hidden = false;
  let wanted = recall("awake") === "on";
  let lock = null;

  async function hold() {
    setAttribute(item, "aria-checked", wanted);
    try {
      if (wanted && !document.hidden) {
        lock ??= await navigator.wakeLock.request("screen");
        lock.addEventListener("release", () => (lock = null), { once: true });
      } else if (!wanted) {
        await lock?.release();
      }
    } catch {
      // A battery that is low, say: the screen goes its way.
    }
  }

  item.addEventListener("click", () => {
    wanted = !wanted;
    remember("awake", wanted ? "on" : "off");
    hold();
  });
  document.addEventListener("visibilitychange", hold);
  hold();
}
