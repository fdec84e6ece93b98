// One message as it stands in the list: who, when, what, and the reactions to it. What changes is
// changed in place, so that a focus stays where it is. Does not know how it is sent.

import { make, makeIcon, setAttribute, setText } from "../../shared/dom.js";
import { dayTime } from "../../shared/format.js";
import { word } from "../../shared/words.js";
import { EMOJI } from "./emoji.js";
import { badge } from "./roles.js";
import { writeText } from "./text.js";

const SPOKEN = new Map(EMOJI);
const SHOWN_NAMES = 12;

/**
 * `context`: `isHere` and `isMe` of names, `me()` the own number, `nameOf(who)`;
 * `quote` the message that it answers, if it is known.
 */
export function createSaid(message, context) {
  const element = make("article", "said");
  element.dataset.seq = message.seq;
  element.tabIndex = -1;
  if (message.who) {
    element.dataset.who = message.who;
  }
  element.classList.toggle("mine", message.who !== undefined && message.who === context.me());
  element.classList.toggle("gift", Boolean(message.gift));

  const text = make("p", "said-text");
  const chips = make("div", "chips");
  // What is said is read out, and not what others think of it.
  chips.setAttribute("aria-live", "off");
  const quote = message.reply ? make("button", "quote") : null;
  if (quote) {
    quote.type = "button";
    quote.dataset.to = message.reply;
    quote.tabIndex = -1;
    quote.append(makeIcon("reply"), make("span", "quote-text"));
    element.append(quote);
  }
  element.append(head(message), text, chips);
  let written = null;
  let mentions = false;

  function show(next) {
    if (written !== next.text) {
      written = next.text;
      mentions = writeText(text, next.text, context);
      text.hidden = !next.text;
      element.classList.toggle("mention", mentions && !element.classList.contains("mine"));
    }
    if (next.edited && !element.querySelector(".said-edited")) {
      element.querySelector(".said-head").append(make("span", "said-edited muted", word("watch.chat.edited")));
    }
    showChips(next.reactions ?? []);
  }

  function showChips(reactions) {
    const kept = new Map([...chips.children].map((chip) => [chip.dataset.emoji, chip]));
    let held = false;
    for (const { emoji, who } of reactions) {
      if (who.length > 0) {
        const chip = kept.get(emoji) ?? chips.appendChild(makeChip(emoji));
        kept.delete(emoji);
        showChip(chip, emoji, who);
      }
    }
    for (const chip of kept.values()) {
      held ||= chip === document.activeElement;
      chip.remove();
    }
    if (held) {
      element.focus({ preventScroll: true });
    }
    setStop(element.tabIndex === 0);
  }

  function showChip(chip, emoji, who) {
    const names = who.slice(0, SHOWN_NAMES).map(context.nameOf).filter(Boolean);
    const rest = who.length - names.length;
    const list = rest > 0 ? [...names, word("watch.chat.others", { count: rest })].join(", ") : names.join(", ");
    setAttribute(chip, "aria-pressed", who.includes(context.me()));
    setAttribute(chip, "aria-label", `${SPOKEN.get(emoji) ?? emoji} ${who.length}`);
    setAttribute(chip, "data-tip", list);
    setText(chip.lastElementChild, String(who.length));
  }

  /** With the list's stop on it, what can be pressed in it has one as well. */
  function setStop(on) {
    element.tabIndex = on ? 0 : -1;
    for (const pressed of element.querySelectorAll("a, button")) {
      pressed.tabIndex = element.tabIndex;
    }
  }

  show(message);
  return {
    element,
    show,
    setStop,
    get mentions() {
      return mentions;
    },
    /** `quoted`: the message that is answered; null if it is not known, or gone. */
    showQuote(quoted) {
      if (quote) {
        quote.disabled = !quoted;
        setText(quote.lastElementChild, quoted ? `${quoted.name}: ${quoted.text}` : word("watch.chat.quote-unknown"));
      }
    },
  };
}

function head({ name, role, at, gift }) {
  const line = make("div", "said-head");
  if (gift) {
    line.append(makeIcon("heart"));
  }
  const who = gift ? word("watch.chat.gave", { name: name || word("watch.thanks.nameless") }) : name;
  line.append(make("b", "said-name", who));
  const roleBadge = badge(role);
  if (roleBadge) {
    line.append(roleBadge);
  }
  const date = new Date(at);
  const time = make("time", "said-time number muted", dayTime(date));
  time.dateTime = date.toISOString();
  line.append(time);
  return line;
}

function makeChip(emoji) {
  const chip = make("button", "chip number");
  chip.type = "button";
  chip.dataset.emoji = emoji;
  chip.append(make("span", "", emoji), make("span"));
  return chip;
}
