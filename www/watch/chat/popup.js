// A small menu at whatever opened it: items with what they do, moved through by arrow keys. One
// for the whole panel, since one is open at a time.

import { moveThrough } from "../../shared/components.js";
import { byId, make, makeIcon, token } from "../../shared/dom.js";

export function createPopup() {
  const menu = byId("popup");
  let opener = null;

  function close(focus) {
    if (!menu.hidden) {
      menu.hidden = true;
      opener.setAttribute("aria-expanded", "false");
      if (focus && opener.isConnected) {
        opener.focus({ preventScroll: true });
      }
      opener = null;
    }
  }

  function place() {
    const gap = parseFloat(token("--s2"));
    const box = opener.getBoundingClientRect();
    const { width, height } = menu.getBoundingClientRect();
    const below = box.bottom + gap + height <= innerHeight;
    const top = below ? box.bottom + gap : Math.max(gap, box.top - gap - height);
    const from = menu.offsetParent.getBoundingClientRect();
    const left = Math.max(from.left + gap, Math.min(innerWidth - width - gap, box.right - width));
    menu.style.setProperty("transform", `translate(${Math.round(left - from.left)}px, ${Math.round(top - from.top)}px)`);
  }

  menu.addEventListener("keydown", (event) => {
    if (moveThrough([...menu.querySelectorAll(".item")], event)) {
      return;
    }
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target) && !opener?.contains(event.target)) {
      close(false);
    }
  });
  // A phone's keyboard goes when the focus comes here.
  addEventListener("resize", () => opener && place());

  return {
    get open() {
      return !menu.hidden;
    },
    /** `items`: `{ icon, words, danger, act }`, or `{ sign, words, act }` in rows of signs; null draws a line. */
    show(button, label, items) {
      const again = opener === button;
      close(true);
      if (again) {
        return;
      }
      opener = button;
      menu.classList.toggle("signs", items.some((item) => item?.sign));
      menu.setAttribute("aria-label", label);
      menu.replaceChildren(...items.map((item) => (item ? makeItem(item) : separator())));
      menu.hidden = false;
      button.setAttribute("aria-expanded", "true");
      place();
      menu.querySelector(".item").focus({ preventScroll: true });
    },
    close,
  };

  function makeItem({ icon, sign, words, danger, act }) {
    const item = make("button", danger ? "item danger" : "item");
    item.type = "button";
    item.tabIndex = -1;
    item.setAttribute("role", "menuitem");
    if (sign) {
      item.setAttribute("aria-label", words);
      item.append(make("span", "", sign));
    } else {
      item.append(makeIcon(icon), words);
    }
    item.addEventListener("click", () => {
      close(true);
      act();
    });
    return item;
  }
}

function separator() {
  const line = make("hr");
  line.setAttribute("role", "separator");
  return line;
}
