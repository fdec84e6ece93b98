// One sentence beside what it is about, and how long it lasts: the time that is left counts down.

import { setText } from "../../shared/dom.js";
import { seconds } from "../../shared/format.js";
import { word } from "../../shared/words.js";

/** `element` holds one element for the words, which readers are told, and one for the time. */
export function createNote(element, onGone = () => {}) {
  const [words, left] = element.children;
  let until = 0;
  let timer = 0;

  function clear() {
    clearInterval(timer);
    until = 0;
    if (!element.hidden) {
      element.hidden = true;
      setText(words, "");
      onGone();
    }
  }

  function count() {
    const rest = (until - performance.now()) / 1000;
    if (rest <= 0) {
      clear();
    } else {
      setText(left, word("watch.chat.again-in", { time: seconds(Math.ceil(rest)) }));
    }
  }

  return {
    show(sentence, waitS = 0) {
      clearInterval(timer);
      element.hidden = false;
      setText(words, sentence);
      setText(left, "");
      until = 0;
      if (waitS > 0) {
        until = performance.now() + waitS * 1000;
        timer = setInterval(count, 1000);
        count();
      }
    },
    clear,
    get isCounting() {
      return until > 0;
    },
  };
}
