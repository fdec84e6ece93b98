// Tips: the words of `data-tip` (and the key of `data-key`) near an element, for pointer, finger
// and keyboard. Never the only place of a meaning: each element has its words for readers too.

import { byId, make, token, tokenMs } from "./dom.js";

export function createTips() {
  const tip = byId("tip");
  let owner = null;
  let timer = 0;

  function fill() {
    const { tip: words, key } = owner.dataset;
    if (!words) {
      hide();
      return;
    }
    if (tip.dataset.words !== words) {
      tip.dataset.words = words;
      tip.replaceChildren(make("span", "", words));
      if (key && matchMedia("(hover: hover)").matches) {
        tip.append(make("kbd", "", key));
      }
    }
    place();
  }

  function place() {
    tip.hidden = false;
    const gap = parseFloat(token("--s2"));
    const box = owner.getBoundingClientRect();
    // Clear of its neighbours too: above the whole deck, below the whole bar.
    const whole = (owner.closest(".deck, .bar-side") ?? owner).getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(innerWidth - width - gap, Math.max(gap, box.left + box.width / 2 - width / 2));
    const above = whole.top - height - gap;
    const top = above >= gap ? above : whole.bottom + gap;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  function show(element, waitMs) {
    clearTimeout(timer);
    owner = element;
    timer = setTimeout(fill, waitMs);
  }

  function hide() {
    clearTimeout(timer);
    owner = null;
    tip.hidden = true;
    delete tip.dataset.words;
  }

  const find = (event) => event.target.closest?.("[data-tip]");

  document.addEventListener("pointerover", (event) => {
    const element = find(event);
    if (element && event.pointerType === "mouse" && element !== owner) {
      show(element, tokenMs("--tip-after"));
    } else if (!element && owner && !owner.matches(":focus-visible")) {
      hide();
    }
  });
  document.addEventListener("focusin", (event) => {
    const element = find(event);
    if (element && event.target.matches(":focus-visible")) {
      show(element, 0);
    } else if (!element) {
      hide();
    }
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      hide();
    }
  });
  document.addEventListener("click", (event) => {
    const element = find(event);
    // A finger has no hover: what only informs tells on tap.
    if (element?.matches(".share, .count")) {
      show(element, 0);
    } else {
      hide();
    }
  });

  return {
    /** The words under the pointer may have changed. */
    refresh() {
      if (owner && !tip.hidden) {
        fill();
      }
    },
  };
}
