// Sentences to the viewer: `say` for readers only, `tell` on the screen as well. One at a time;
// troubles of the stream have a place of their own (trouble.js).

import { byId, tokenMs } from "./dom.js";

let hide = 0;

export function say(sentence) {
  const announcer = byId("announcer");
  // The same sentence twice must be heard twice.
  announcer.textContent = "";
  setTimeout(() => {
    announcer.textContent = sentence;
  }, 50);
}

export function tell(sentence) {
  const notice = byId("notice");
  clearTimeout(hide);
  notice.textContent = sentence;
  notice.hidden = false;
  hide = setTimeout(() => {
    notice.hidden = true;
  }, tokenMs("--notice-for"));
  say(sentence);
}
