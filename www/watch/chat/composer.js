// The line in which somebody writes: to all, as an answer, or as another text of a message of one's
// own. What is refused stands in it again, with the reason beside it.

import { byId, setText } from "../../shared/dom.js";
import { word } from "../../shared/words.js";
import { createNote } from "./note.js";

const MOST = 500;
const COUNT_FROM = 440;

/** Whether the server made this of that: it writes names of emoji as emoji, and leaves out what is not seen. */
function isSame(stored, sent) {
  const bare = (text) => text.replace(/:[a-z0-9_+-]+:|\p{Extended_Pictographic}|[\s\p{C}\p{M}]/gu, "");
  return bare(stored) === bare(sent);
}

/** `send({ text, reply, edit })` promises that it is stored; `isReady()`; `lastOfMine()` may be edited. */
export function createComposer({ send, isReady, lastSeq, lastOfMine }) {
  const form = byId("chat-form");
  const field = byId("chat-text");
  const count = byId("chat-count");
  const about = byId("chat-about-message");
  const note = createNote(byId("chat-note"), () => field.removeAttribute("aria-invalid"));
  // What the text answers or replaces: `{ reply }`, `{ edit }`, or nothing.
  let target = {};
  // Sent, and no answer came: it may be stored all the same.
  let doubt = null;

  function setTarget(next, words) {
    target = next;
    about.hidden = !words;
    setText(byId("chat-about-words"), words ?? "");
  }

  function showCount() {
    const length = [...field.value].length;
    count.hidden = length < COUNT_FROM;
    count.classList.toggle("over", length > MOST);
    setText(count, word("watch.chat.count", { count: length, most: MOST }));
    return length;
  }

  function refuse(sentence, waitS) {
    field.setAttribute("aria-invalid", "true");
    note.show(sentence, waitS);
  }

  function cancel() {
    if (target.edit) {
      field.value = "";
    }
    setTarget({});
    showCount();
    field.focus();
  }

  async function submit() {
    const text = field.value.trim();
    if (!text) {
      return;
    }
    if (showCount() > MOST) {
      refuse(word("watch.chat.too-long", { most: MOST }));
      return;
    }
    if (!isReady()) {
      refuse(word("watch.chat.kept"));
      return;
    }
    const sent = { text, ...target };
    const words = byId("chat-about-words").textContent;
    field.value = "";
    setTarget({});
    showCount();
    note.clear();
    doubt = null;
    const before = lastSeq();
    try {
      await send(sent);
    } catch (failure) {
      if (failure.kind !== "refused") {
        doubt = { text, before };
      }
      // What was typed since goes on behind it.
      field.value = field.value ? `${text} ${field.value}` : text;
      if (!target.reply && !target.edit && (sent.reply || sent.edit)) {
        setTarget({ reply: sent.reply, edit: sent.edit }, words);
      }
      showCount();
      refuse(failure.kind === "refused" ? failure.message : word("watch.chat.kept"), failure.waitS);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", () => {
    showCount();
    if (!note.isCounting) {
      note.clear();
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (target.reply || target.edit)) {
      event.preventDefault();
      cancel();
    } else if (event.key === "Escape") {
      // The page's keys mean something again.
      field.blur();
    } else if (event.key === "ArrowUp" && !field.value) {
      const message = lastOfMine();
      if (message) {
        event.preventDefault();
        edit(message);
      }
    }
  });
  byId("chat-about-close").addEventListener("click", cancel);
  // The focus stays in the line, and with it a phone's keyboard.
  byId("chat-send").addEventListener("mousedown", (event) => event.preventDefault());

  function edit({ seq, text }) {
    setTarget({ edit: seq }, word("watch.chat.editing"));
    field.value = text;
    showCount();
    field.focus();
  }

  return {
    edit,
    reply({ seq, name, text }) {
      setTarget({ reply: seq }, word("watch.chat.replying", { name, text }));
      field.focus();
    },
    /** What may be one's own came back: what was in doubt is stored. */
    heard({ seq, text }) {
      if (doubt && seq > doubt.before && isSame(text, doubt.text)) {
        if (field.value === doubt.text) {
          field.value = "";
          setTarget({});
          showCount();
          note.clear();
        }
        doubt = null;
      }
    },
    gone(seq) {
      if (target.reply === seq || target.edit === seq) {
        setTarget({});
      }
    },
    setMuted(seconds) {
      if (seconds > 0) {
        note.show(word("watch.chat.muted"), seconds);
      } else {
        note.clear();
      }
    },
    showRules({ slow_s: slow }) {
      field.placeholder = slow > 0 ? word("watch.chat.placeholder-slow", { seconds: slow }) : word("watch.chat.placeholder");
    },
    focus: () => field.focus(),
  };
}
