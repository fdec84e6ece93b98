// One sentence beside what it is about. Where it lasts for a time, what is left of that counts down in
// it; readers are told the sentence once, as it came.

import { setText } from "../../shared/dom.js";
import { seconds } from "../../shared/format.js";
import { word } from "../../shared/words.js";

/** `element` holds one element for the words, which readers are told, and one for who sees. */
export function createNote(element, onGone = () => {}) {
  const [words, seen] = element.children;
  let until = 0;
  let timer = 0;

  function clear() {
    clearInterval(timer);
    until = 0;
    if (!element.hidden) {
      element.hidden = true;
      setText(words, "");
      setText(seen, "");
      onGone();
    }
  }

  /** The sentence may say the time itself; if not, it is said behind it. */
  function parts(sentence, waitS) {
    const said = seconds(Math.ceil(waitS));
    const at = sentence.indexOf(said);
    return at < 0 ? null : [sentence.slice(0, at), sentence.slice(at + said.length)];
  }

  return {
    show(sentence, waitS = 0) {
      clearInterval(timer);
      until = 0;
      element.hidden = false;
      words.classList.toggle("unseen", waitS > 0);
      setText(words, sentence);
      setText(seen, "");
      if (waitS > 0) {
        const around = parts(sentence, waitS);
        const count = () => {
          const left = (until - performance.now()) / 1000;
          const time = seconds(Math.ceil(left));
          if (left <= 0) {
            clear();
          } else {
            setText(seen, around ? around.join(time) : `${sentence} ${word("watch.chat.again-in", { time })}`);
          }
        };
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
