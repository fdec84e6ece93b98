// Thanks to those who gave, for everybody to see: a card and a short burst for each, once.
// Text of strangers is set as text, never as HTML.

import { byId, make, makeIcon, tokenMs } from "../shared/dom.js";
import { burst } from "./burst.js";
import { word } from "../shared/words.js";

// Who opens the page later need not see old thanks fly in.
const FRESH_S = 6;
const MOST_CARDS = 3;

export function createThanks() {
  const list = byId("thanks");
  let seen = null;

  function card(thanks) {
    const element = make("div", "thanks-card panel");
    const words = make("div");
    const who = word("watch.thanks.to", { name: thanks.name || word("watch.thanks.nameless") });
    words.append(make("p", "who", who));
    if (thanks.message) {
      words.append(make("p", "what", thanks.message));
    }
    if (thanks.mine) {
      words.append(make("p", "double", word("watch.thanks.double")));
    }
    element.append(makeIcon("heart"), words);
    list.append(element);
    while (list.children.length > MOST_CARDS) {
      list.firstElementChild.remove();
    }
    setTimeout(() => element.remove(), tokenMs("--thanks-for"));
    celebrate(element);
  }

  /** The giver's own burst waits until the dialog is out of the way. */
  function celebrate(element) {
    const dialog = document.querySelector("dialog[open]");
    if (dialog) {
      dialog.addEventListener("close", () => element.isConnected && burst(element), { once: true });
    } else {
      burst(element);
    }
  }

  return {
    show(all) {
      const first = seen === null;
      seen ??= new Set();
      for (const thanks of all) {
        if (!seen.has(thanks.id)) {
          seen.add(thanks.id);
          if (!first || thanks.age_s < FRESH_S) {
            card(thanks);
          }
        }
      }
    },
  };
}
