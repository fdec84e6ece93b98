// What components do by themselves: tabs that move by arrow keys, toasts that go, dialogs that open
// and close. What is in them is their page's.

import { make, makeIcon, tokenMs } from "./dom.js";
import { isOutside } from "./place.js";

const ICONS = { success: "circle-check", warning: "triangle-alert", danger: "triangle-alert", info: "info" };

/**
 * Tabs (ARIA: tablist), each with `aria-controls`. The one that is selected in the page is shown;
 * `onSelect(tab)` is told of it, and of each that is selected later.
 */
export function createTabs(list, onSelect = () => {}) {
  const tabs = [...list.querySelectorAll("[role=tab]")];

  function select(tab) {
    for (const other of tabs) {
      const selected = other === tab;
      other.setAttribute("aria-selected", selected);
      other.tabIndex = selected ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !selected;
    }
    onSelect(tab);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) {
      select(tab);
    }
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at >= 0 && to !== undefined) {
      event.preventDefault();
      const tab = tabs[(to + tabs.length) % tabs.length];
      select(tab);
      tab.focus();
    }
  });
  select(tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0]);
  return { select };
}

/** Moves the focus among a menu's items, if that is what a key asks; whether it is. */
export function moveThrough(items, event) {
  const at = items.indexOf(document.activeElement);
  const to = {
    ArrowDown: at + 1,
    ArrowRight: at + 1,
    ArrowUp: at - 1,
    ArrowLeft: at - 1,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  }
  return to !== undefined;
}

/** A sentence in the stack of toasts, which is a live region of the page. */
export function toast(stack, sentence, kind = "info") {
  const element = make("div", `toast ${kind}`);
  element.append(makeIcon(ICONS[kind]), make("p", "", sentence));
  stack.append(element);
  setTimeout(() => element.remove(), tokenMs("--notice-for"));
}

/** A dialog that `openers` open; whatever has `data-close` in it, and a click beside it, close it. */
export function createDialog(dialog, openers) {
  for (const opener of openers) {
    opener.addEventListener("click", () => dialog.showModal());
  }
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") || (event.target === dialog && isOutside(event, dialog))) {
      dialog.close();
    }
  });
}
