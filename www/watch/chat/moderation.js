// What a moderator does about somebody: the choices for a menu, and the question before a ban. Does
// not send.

import { byId, setText } from "../../shared/dom.js";
import { createDialog } from "../../shared/components.js";
import { word } from "../../shared/words.js";

const HOUR_S = 3600;
const DAY_S = 86_400;
const MUTE_S = 600;

/** `act(type, fields, done)` sends, and says `done` when it is. */
export function createModeration({ act }) {
  const dialog = byId("ban-dialog");
  let banned = null;
  createDialog(dialog, []);

  byId("ban-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const why = byId("ban-why").value.trim();
    const { person, seconds } = banned;
    const fields = { who: person.who, ...(seconds ? { seconds } : {}), ...(why ? { why } : {}) };
    act("ban", fields, word("watch.chat.banned", { name: person.name }));
  });

  function askBan(person, seconds, question) {
    banned = { person, seconds };
    setText(byId("ban-title"), question);
    byId("ban-why").value = "";
    dialog.showModal();
    byId("ban-why").focus();
  }

  return {
    /** Choices about a person. */
    items(person) {
      const { who, name } = person;
      return [
        { icon: "trash-2", words: word("watch.chat.clear"), act: () => act("clear", { who }, word("watch.chat.cleared", { name })) },
        { icon: "mic-off", words: word("watch.chat.mute"), act: () => act("mute", { who, seconds: MUTE_S }, word("watch.chat.muted-other", { name })) },
        { icon: "log-out", words: word("watch.chat.kick"), act: () => act("kick", { who }, word("watch.chat.kicked-other", { name })) },
        null,
        { icon: "ban", words: word("watch.chat.ban-hour"), danger: true, act: () => askBan(person, HOUR_S, word("watch.chat.ban-hour-sure", { name })) },
        { icon: "ban", words: word("watch.chat.ban-day"), danger: true, act: () => askBan(person, DAY_S, word("watch.chat.ban-day-sure", { name })) },
        { icon: "ban", words: word("watch.chat.ban-ever"), danger: true, act: () => askBan(person, null, word("watch.chat.ban-ever-sure", { name })) },
      ];
    },
  };
}
