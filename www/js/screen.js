// Full screen and mirror: how this window shows the picture. The server knows of neither.

import { byId, setIcon } from "./dom.js";
import { recall, remember } from "./remember.js";
import { tell } from "./announce.js";

export function createScreen() {
  const button = byId("fullscreen");
  const use = button.querySelector("use");
  const mirrorItem = byId("menu-mirror");
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
      tell("This browser refused full screen.");
    }
  }

  function setMirror(on) {
    document.documentElement.classList.toggle("mirrored", on);
    mirrorItem.setAttribute("aria-checked", on);
    remember("mirror", on ? "on" : "off");
  }

  const toggleMirror = () => setMirror(mirrorItem.getAttribute("aria-checked") !== "true");

  button.addEventListener("click", toggleFull);
  byId("frame").addEventListener("dblclick", (event) => {
    if (!event.target.closest("button, a")) {
      toggleFull();
    }
  });
  document.addEventListener("fullscreenchange", () => {
    const full = Boolean(document.fullscreenElement);
    setIcon(use, full ? "minimize" : "maximize");
    button.setAttribute("aria-label", full ? "Leave full screen" : "Full screen");
    button.dataset.tip = full ? "Leave full screen" : "Full screen";
  });
  setMirror(recall("mirror") === "on");

  return { toggleFull, toggleMirror };
}
