// Hides what lies over the picture after some seconds of stillness, and brings it back at any
// movement or key. Where nothing overlaps (portrait), the style sheet ignores it.

import { byId, tokenMs } from "../shared/dom.js";

/** `holds()` says whether something must stay in view. */
export function createFade({ holds }) {
  const { body } = document;
  let timer = 0;

  function isHeld() {
    return (
      holds() ||
      document.querySelector("dialog[open]") ||
      document.querySelector(".shell :focus-visible, .deck :focus-visible") ||
      (matchMedia("(hover: hover)").matches && document.querySelector(".shell-side:hover, .shell-areas:hover, .deck:hover"))
    );
  }

  function rest() {
    if (isHeld()) {
      wake();
    } else {
      body.classList.add("idle");
    }
  }

  function wake() {
    body.classList.remove("idle");
    clearTimeout(timer);
    timer = setTimeout(rest, tokenMs("--fade-after"));
  }

  // A finger's first touch only wakes: what it hits cannot be seen yet.
  let swallow = false;
  body.addEventListener("pointerdown", (event) => {
    swallow = event.pointerType === "touch" && getComputedStyle(byId("shell")).opacity === "0" && !event.target.closest(".side");
  }, true);
  body.addEventListener("click", (event) => {
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
