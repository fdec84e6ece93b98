// The keyboard: one table of keys, used to act and to write the list that ? shows. Keys are left
// to the browser while somebody types, chooses in a dialog, or holds Ctrl, Alt or Meta.

import { byId, make } from "../shared/dom.js";
import { isOutside } from "../shared/place.js";

/** `table`: rows of `{ keys, shown, words, act }`; a row may hold several keys. */
export function createKeys(table) {
  const dialog = byId("keys-dialog");
  // After a click the focus rests on what was clicked; space then still means pause.
  let byPointer = false;

  const list = byId("keys-list");
  for (const { shown, words } of table) {
    const term = make("dt");
    term.append(...shown.map((key) => make("kbd", "", key)));
    list.append(term, make("dd", "", words));
  }

  function openHelp() {
    if (!dialog.open) {
      dialog.showModal();
    }
  }

  byId("keys-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isOutside(event, dialog)) {
      dialog.close();
    }
  });
  document.addEventListener("pointerdown", () => {
    byPointer = true;
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || event.key.startsWith("Arrow")) {
      byPointer = false;
    }
  }, true);

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (
      event.defaultPrevented || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing ||
      target.closest("input, textarea, select, [contenteditable], [role=menu]") ||
      document.querySelector("dialog[open]")
    ) {
      return;
    }
    if (event.key === " " && !byPointer && target.closest("button, a, [role=radio]")) {
      return;
    }
    const row = table.find(({ keys }) => keys.includes(event.key.toLowerCase()));
    if (row) {
      event.preventDefault();
      row.act(event.key.toLowerCase());
    }
  });

  // A button also clicks on the release of space, whoever took the press.
  document.addEventListener("keyup", (event) => {
    if (event.key === " " && byPointer && event.target.closest("button, [role=radio]") && !event.target.closest("dialog, [role=menu]")) {
      event.preventDefault();
    }
  });

  return { openHelp };
}
