// What the room shows, and what holds in its chat; moderators change that here, and lift bans.

import { byId, make, setText } from "../../shared/dom.js";
import { dayTime } from "../../shared/format.js";
import { word } from "../../shared/words.js";
import { createNote } from "./note.js";

/** `send(type, fields)` promises an answer. */
export function createAbout({ send }) {
  const form = byId("rules-form");
  const slow = byId("rules-slow");
  const members = byId("rules-members");
  const links = byId("rules-links");
  const words = byId("rules-words");
  const note = createNote(byId("rules-note"));
  const bans = byId("bans-list");
  let rules = null;
  let moderates = false;
  let isSeen = false;

  function showRules() {
    if (!rules) {
      return;
    }
    const lines = [
      rules.slow_s > 0 && word("watch.chat.rule.slow", { seconds: rules.slow_s }),
      rules.members_only && word("watch.chat.rule.members"),
      rules.links === "members" && word("watch.chat.rule.links"),
    ].filter(Boolean);
    byId("about-rules").replaceChildren(...lines.map((line) => make("li", "", line)));
    if (!moderates) {
      return;
    }
    const known = [...slow.options].some(({ value }) => Number(value) === rules.slow_s);
    // Set by a program to another time: it is shown, and stays unless another is chosen.
    byId("rules-slow-other").hidden = known;
    if (!known) {
      byId("rules-slow-other").value = rules.slow_s;
      setText(byId("rules-slow-other"), word("shared.seconds", { count: rules.slow_s }));
    }
    slow.value = String(rules.slow_s);
    members.checked = rules.members_only;
    links.checked = rules.links === "members";
    if (rules.words && document.activeElement !== words) {
      words.value = rules.words.join(", ");
    }
  }

  async function change(fields) {
    try {
      await send("rules", fields);
      note.show(word("watch.chat.rules.saved"));
    } catch (failure) {
      note.show(failure.message, failure.waitS);
      showRules();
    }
  }

  const wordsNow = () => words.value.split(",").map((one) => one.trim()).filter(Boolean);
  const changeWords = () => rules?.words?.join() !== wordsNow().join() && change({ words: wordsNow() });
  slow.addEventListener("change", () => change({ slow_s: Number(slow.value) }));
  members.addEventListener("change", () => change({ members_only: members.checked }));
  links.addEventListener("change", () => change({ links: links.checked ? "members" : "all" }));
  words.addEventListener("change", changeWords);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changeWords();
  });

  async function showBans() {
    if (!moderates || !isSeen) {
      return;
    }
    try {
      const { bans: all } = await send("bans", {});
      bans.replaceChildren(...all.map(row));
      byId("bans-none").hidden = all.length > 0;
    } catch (failure) {
      note.show(failure.message);
    }
  }

  function row({ id, whom, why, until }) {
    const item = make("li");
    const about = make("div", "rest");
    const end = until ? word("watch.chat.bans.until", { time: dayTime(new Date(until * 1000)) }) : word("watch.chat.bans.ever");
    about.append(make("p", "ban-whom", whom), make("p", "muted", why ? `${why} · ${end}` : end));
    const lift = make("button", "button well", word("watch.chat.bans.lift"));
    lift.type = "button";
    lift.setAttribute("aria-label", word("watch.chat.bans.lift-whom", { whom }));
    lift.addEventListener("click", async () => {
      lift.disabled = true;
      try {
        await send("lift", { ban: id });
        byId("about-bans").focus();
        await showBans();
      } catch (failure) {
        lift.disabled = false;
        note.show(failure.message);
      }
    });
    item.append(about, lift);
    return item;
  }

  return {
    /** What the server says of the room and its picture. */
    showRoom({ room, source, viewers }) {
      setText(byId("about-title"), room.title || "livestream");
      byId("about-note").hidden = !room.note;
      setText(byId("about-note"), room.note);
      const size = source.width ? `${source.width} × ${source.height}` : "";
      setText(byId("about-source"), [source.name, size].filter(Boolean).join(" · "));
      setText(byId("about-viewers"), word("shared.viewers", { count: viewers.watching }));
    },
    showRules(next, isModerator) {
      rules = next;
      moderates = isModerator;
      form.hidden = !moderates;
      byId("about-bans").hidden = !moderates;
      showRules();
    },
    setSeen(seen) {
      const opens = seen && !isSeen;
      isSeen = seen;
      if (opens) {
        showBans();
      }
    },
    refreshBans: showBans,
  };
}
