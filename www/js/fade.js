// Hides what lies over the picture after some seconds of stillness, and brings it back at any
// movement or key. Where nothing overlaps (portrait), the style sheet ignores it.

import { byId, tokenMs } from "./dom.js";

/** `holds()` says whether something must stay in view. */
export function createFade({ holds }) {
  const stage = byId("stage");
  let timer = 0;

  function isHeld() {
    return (
      holds() ||
      document.querySelector("dialog[open]") ||
      stage.querySelector(".bar :focus-visible, .deck :focus-visible") ||
      (matchMedia("(hover: hover)").matches && stage.querySelector(".bar-side:hover, .deck:hover"))
    );
  }

  function rest() {
    if (isHeld()) {
      wake();
    } else {
      stage.classList.add("idle");
    }
  }

  function wake() {
    stage.classList.remove("idle");
    clearTimeout(timer);
    timer = setTimeout(rest, tokenMs("--fade-after"));
  }

  // A finger's first touch only wakes: what it hits cannot be seen yet.
  let swallow = false;
  stage.addEventListener("pointerdown", (event) => {
    swallow = event.pointerType === "touch" && getComputedStyle(byId("deck")).opacity === "0";
  }, true);
  stage.addEventListener("click", (event) => {
    if (swallow) {
      swallow = false;
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);

  for (const name of ["pointermove", "pointerdown", "keydown", "focusin", "wheel"]) {
    document.addEventListener(name, wake, { passive: true });
  }
  wake();
  return { wake };
}
