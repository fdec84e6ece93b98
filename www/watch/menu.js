// The menu behind the dots: opens, closes, moves by arrow keys. What its items do is watch.js's.

import { moveThrough } from "../shared/components.js";
import { byId } from "../shared/dom.js";

/** Items with `data-stays` leave the menu open. */
export function createMenu() {
  const button = byId("menu-button");
  const menu = byId("menu");
  const all = [...menu.querySelectorAll(".item")];
  const shown = () => all.filter((item) => item.checkVisibility());

  // One item has the keyboard's stop, which is where the focus was last.
  function setStop(stop) {
    for (const item of all) {
      item.tabIndex = item === stop ? 0 : -1;
    }
  }

  function setOpen(open, focus = true) {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", open);
    if (open) {
      setStop(shown()[0]);
      shown()[0].focus();
    } else if (focus) {
      button.focus();
    }
  }

  button.addEventListener("click", () => setOpen(menu.hidden));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && menu.hidden) {
      event.preventDefault();
      setOpen(true);
    }
  });

  menu.addEventListener("focusin", (event) => setStop(event.target));
  menu.addEventListener("keydown", (event) => {
    if (moveThrough(shown(), event)) {
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    } else if (event.key === "Tab") {
      setOpen(false);
    }
  });

  menu.addEventListener("click", (event) => {
    const item = event.target.closest(".item");
    if (item && item.getAttribute("role") === "menuitem" && !("stays" in item.dataset)) {
      setOpen(false, false);
    }
  });

  document.addEventListener("pointerdown", (event) => {
    if (!menu.hidden && !menu.contains(event.target) && !button.contains(event.target)) {
      setOpen(false, false);
    }
  });

  return {
    get open() {
      return !menu.hidden;
    },
  };
}
