// The donate dialog: asks for a name and a line, sends them, and says that it worked. The thanks
// that everybody sees are thanks.js; the money, if any, is another site's.

import { byId, setText, tokenMs } from "../shared/dom.js";
import { isOutside } from "../shared/place.js";
import { say } from "../shared/announce.js";
import { word } from "../shared/words.js";

/** `send(fields)` posts and gives the state with its notice. */
export function createDonate({ send }) {
  const dialog = byId("donate-dialog");
  const opener = byId("donate");
  const button = byId("donate-send");
  const refused = byId("donate-refused");
  const link = byId("donate-link");
  let closing = 0;
  let resting = 0;

  function setDone(done, words) {
    button.classList.toggle("done", done);
    setText(byId("donate-send-label"), done ? words : word("watch.donate.label"));
  }

  function open() {
    clearTimeout(closing);
    refused.hidden = true;
    button.disabled = false;
    setDone(false);
    if (!dialog.open) {
      dialog.showModal();
    }
    byId("donate-name").focus();
  }

  function boast(words) {
    clearTimeout(resting);
    opener.classList.add("done");
    opener.parentElement.classList.add("given");
    setText(byId("donate-label"), words);
    resting = setTimeout(() => {
      opener.classList.remove("done");
      opener.parentElement.classList.remove("given");
      setText(byId("donate-label"), word("watch.donate.label"));
    }, tokenMs("--success-for") + tokenMs("--success-stays"));
  }

  byId("donate-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    refused.hidden = true;
    try {
      const { notice } = await send({
        name: byId("donate-name").value.trim(),
        message: byId("donate-message").value.trim(),
      });
      const words = notice || word("watch.donate.success");
      setDone(true, words);
      boast(words);
      say(words);
      byId("donate-message").value = "";
      // With a payment page to go to, the dialog waits for the giver.
      if (link.hidden) {
        closing = setTimeout(() => dialog.close(), tokenMs("--success-for"));
      }
    } catch (failure) {
      button.disabled = false;
      refused.textContent = failure.message;
      refused.hidden = false;
    }
  });

  opener.addEventListener("click", open);
  byId("donate-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isOutside(event, dialog)) {
      dialog.close();
    }
  });

  return {
    open,
    /** The giver's share grows in the deck: it must be in view. */
    get justGave() {
      return opener.classList.contains("done");
    },
    show(url) {
      const safe = /^https?:\/\//i.test(url ?? "");
      link.hidden = !safe;
      byId("donate-free")?.toggleAttribute("hidden", safe);
      if (safe && link.getAttribute("href") !== url) {
        link.href = url;
      }
    },
  };
}
