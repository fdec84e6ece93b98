// What stands in the place of the line to write in while nobody entered: the question for a name, or
// why one is not in, and what can be done about it.

import { byId, setText } from "../../shared/dom.js";
import { recall, remember } from "../../shared/remember.js";
import { word } from "../../shared/words.js";
import { createNote } from "./note.js";

const NAME = "chat-name";

/** `onEnter(name)` once there is a name; `onAgain()` for who wants in again. */
export function createEntry({ onEnter, onAgain }) {
  const form = byId("chat-entry");
  const field = byId("chat-name");
  const out = byId("chat-out");
  const again = byId("chat-again");
  const note = createNote(byId("chat-out-note"), () => {
    again.hidden = false;
    note.show(word("watch.chat.may-again"));
  });
  const error = byId("chat-name-error");

  function refuse(sentence) {
    error.hidden = !sentence;
    setText(error.lastElementChild, sentence ?? "");
    if (sentence) {
      field.setAttribute("aria-invalid", "true");
    } else {
      field.removeAttribute("aria-invalid");
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (name) {
      refuse();
      onEnter(name);
    } else {
      refuse(word("watch.chat.name.none"));
      field.focus();
    }
  });
  field.addEventListener("input", () => refuse());
  again.addEventListener("click", onAgain);

  return {
    get name() {
      return recall(NAME) ?? "";
    },
    keep: (name) => remember(NAME, name),
    /** Asks for a name; says what was wrong with the last one. */
    ask(name, sentence) {
      form.hidden = false;
      out.hidden = true;
      if (!field.value) {
        field.value = name;
      }
      refuse(sentence);
    },
    /** Says why one is not in; after that time one may try. */
    tell(sentence, waitS) {
      form.hidden = true;
      out.hidden = false;
      again.hidden = waitS > 0;
      note.show(sentence, waitS);
    },
    clear() {
      form.hidden = true;
      out.hidden = true;
      refuse();
    },
    focus: () => (form.hidden ? again : field).focus(),
    get isAsking() {
      return !form.hidden;
    },
  };
}
