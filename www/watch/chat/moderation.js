// What a moderator does about somebody: the choices for a menu, and the question before what cannot
// be taken back. Does not send.

import { byId, setText } from "../../shared/dom.js";
import { createDialog } from "../../shared/components.js";
import { word } from "../../shared/words.js";

const HOUR_S = 3600;
const DAY_S = 86_400;
const MUTE_S = 600;

/** `act(type, fields, done)` sends, and says `done` when it is. */
export function createModeration({ act }) {
  const dialog = byId("ban-dialog");
  let go = null;
  createDialog(dialog, []);

  byId("ban-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    go(byId("ban-why").value.trim());
  });

  function ask({ question, about, button, hasWhy, onGo }) {
    go = onGo;
    setText(byId("ban-title"), question);
    setText(byId("ban-about"), about);
    setText(byId("ban-go"), button);
    byId("ban-why").value = "";
    byId("ban-why-field").hidden = !hasWhy;
    dialog.showModal();
    byId(hasWhy ? "ban-why" : "ban-cancel").focus();
  }

  function askClear({ who, name }) {
    ask({
      question: word("watch.chat.clear-sure", { name }),
      about: word("watch.chat.clear-about"),
      button: word("watch.chat.clear-go"),
      onGo: () => act("clear", { who }, word("watch.chat.cleared", { name })),
    });
  }

  function askBan({ who, name }, seconds, question) {
    ask({
      question,
      about: word("watch.chat.ban-about"),
      button: word("watch.chat.ban-go"),
      hasWhy: true,
      onGo(why) {
        const fields = { who, ...(seconds ? { seconds } : {}), ...(why ? { why } : {}) };
        act("ban", fields, word("watch.chat.banned", { name }));
      },
    });
  }

  return {
    /** Choices about a person. */
    items(person) {
      const { who, name } = person;
      return [
        { icon: "mic-off", words: word("watch.chat.mute"), act: () => act("mute", { who, seconds: MUTE_S }, word("watch.chat.muted-other", { name })) },
        { icon: "mic", words: word("watch.chat.unmute"), act: () => act("mute", { who, seconds: 0 }, word("watch.chat.unmuted-other", { name })) },
        { icon: "log-out", words: word("watch.chat.kick"), act: () => act("kick", { who }, word("watch.chat.kicked-other", { name })) },
        null,
        { icon: "trash-2", words: word("watch.chat.clear"), danger: true, act: () => askClear(person) },
        { icon: "ban", words: word("watch.chat.ban-hour"), danger: true, act: () => askBan(person, HOUR_S, word("watch.chat.ban-hour-sure", { name })) },
        { icon: "ban", words: word("watch.chat.ban-day"), danger: true, act: () => askBan(person, DAY_S, word("watch.chat.ban-day-sure", { name })) },
        { icon: "ban", words: word("watch.chat.ban-ever"), danger: true, act: () => askBan(person, null, word("watch.chat.ban-ever-sure", { name })) },
      ];
    },
  };
}
