// The dialog that gives a title's address away: to copy, or to scan with a phone that goes on where one is.

import { createDialog } from "../shared/components.js";
import { byId, setAttribute, setText } from "../shared/dom.js";
import { onCopy } from "../shared/paste.js";

/** A time within a film: 1:02:03, 4:05. */
export function filmTime(at) {
  const whole = Math.floor(at);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** `now()` is where one is. */
export function createShare({ state, now }) {
  const dialog = byId("share-dialog");
  const at = byId("share-at");
  let time = 0;

  function show() {
    const from = at.checked && time > 0 ? `?t=${time}` : "";
    setText(byId("share-address"), `${state.page}${from}`);
    setAttribute(byId("share-qr"), "src", `${state.id}/qr.svg${from}`);
  }

  createDialog(dialog, [byId("share")]);
  byId("share").addEventListener("click", () => {
    time = Math.floor(now());
    at.checked = time > 0;
    byId("share-at-place").hidden = time === 0;
    setText(byId("share-time"), filmTime(time));
    show();
  });
  at.addEventListener("change", show);
  byId("share-copy").addEventListener("click", () => onCopy(byId("share-copy"), byId("share-address")));
}
