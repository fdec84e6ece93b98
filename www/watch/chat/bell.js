// Tells who looks at something else that somebody named them: only who pressed the bell, and only as
// long as the browser lets it.

import { byId, setAttribute, setIcon } from "../../shared/dom.js";
import { recall, remember } from "../../shared/remember.js";
import { tell } from "../../shared/announce.js";
import { word } from "../../shared/words.js";

const KEPT = "chat-bell";

/** `onOpen()` when somebody followed a call. */
export function createBell({ onOpen }) {
  const button = byId("chat-bell");
  const can = "Notification" in window && isSecureContext;
  const isOn = () => can && Notification.permission === "granted" && recall(KEPT) === "on";

  function show() {
    const on = isOn();
    setAttribute(button, "aria-pressed", on);
    setIcon(button.querySelector("use"), on ? "bell-ring" : "bell");
    button.dataset.tip = on ? word("watch.chat.bell.on") : word("watch.chat.bell.off");
  }

  button.hidden = !can;
  button.addEventListener("click", async () => {
    if (isOn()) {
      remember(KEPT, "off");
    } else if ((await Notification.requestPermission()) === "granted") {
      remember(KEPT, "on");
    } else {
      tell(word("watch.chat.bell.refused"));
    }
    show();
  });
  if (can) {
    show();
  }

  return {
    get isOn() {
      return isOn();
    },
    ring({ seq, name, text }) {
      if (!document.hidden || !isOn()) {
        return;
      }
      try {
        const call = new Notification(name, { body: text, tag: `chat-${seq}` });
        call.addEventListener("click", () => {
          window.focus();
          call.close();
          onOpen(seq);
        });
      } catch {
        // Phones let only service workers call.
      }
    },
  };
}
