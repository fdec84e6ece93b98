// The panel beside the picture, or under it: opens, closes, remembers which, and has three tabs.
// Counts what nobody saw. What is in the tabs is of others.

import { byId, setAttribute, setText } from "../../shared/dom.js";
import { createTabs } from "../../shared/components.js";
import { recall, remember } from "../../shared/remember.js";
import { word } from "../../shared/words.js";

const KEPT = "chat";
const MOST_SHOWN = 99;

/** `onSeen(tab)` says which tab is seen now, or null; `onOpen(byPerson)` that it opened, and how. */
export function createPanel({ onSeen, onOpen }) {
  const side = byId("side");
  const button = byId("chat-button");
  const count = byId("chat-unread");
  let tab = "chat";
  let unread = 0;
  let named = false;

  const tabs = createTabs(byId("side-tabs"), ({ id }) => {
    tab = id.replace("tab-", "");
    tell();
  });

  function tell() {
    const seen = side.hidden ? null : tab;
    if (seen === "chat") {
      [unread, named] = [0, false];
    }
    showUnread();
    onSeen(seen);
  }

  function showUnread() {
    count.hidden = unread === 0;
    count.classList.toggle("named", named);
    setText(count, unread > MOST_SHOWN ? `${MOST_SHOWN}+` : String(unread));
    const label = unread ? word("watch.chat.unread", { count: unread }) : word("watch.chat");
    setAttribute(button, "aria-label", label);
    button.dataset.tip = label;
  }

  function setOpen(open, byPerson = false) {
    const held = side.contains(document.activeElement);
    side.hidden = !open;
    document.body.classList.toggle("chatting", open);
    setAttribute(button, "aria-expanded", open);
    remember(KEPT, open ? "open" : "closed");
    tell();
    if (open) {
      onOpen(byPerson);
    } else if (held) {
      button.focus({ preventScroll: true });
    }
    // What is drawn to the picture's size is drawn again.
    dispatchEvent(new Event("resize"));
  }

  const toggle = () => setOpen(side.hidden, true);
  button.addEventListener("click", toggle);
  byId("side-close").addEventListener("click", () => setOpen(false));

  return {
    /** As it was left. */
    restore() {
      if (recall(KEPT) === "open") {
        setOpen(true);
      } else {
        tell();
      }
    },
    toggle,
    open() {
      if (side.hidden) {
        setOpen(true);
      }
    },
    select: (name) => tabs.select(byId(`tab-${name}`)),
    /** Somebody said something that may not be seen. */
    count(isNamed) {
      if (side.hidden || tab !== "chat") {
        unread += 1;
        named ||= isNamed;
        showUnread();
      }
    },
    get isOpen() {
      return !side.hidden;
    },
  };
}
