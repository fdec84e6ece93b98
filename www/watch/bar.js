// The top bar's words: status, title, who watches, how late the picture is. Its buttons are
// menu.js and watch.js.

import { byId, setText } from "../shared/dom.js";
import { count } from "../shared/format.js";

const WORDS = {
  live: "LIVE",
  opening: "OPENING",
  paused: "PAUSED",
  lost: "NO SIGNAL",
  full: "FULL",
  offline: "OFFLINE",
};

export function createBar() {
  const status = byId("status");
  const watching = byId("watching");
  const delay = byId("delay");

  return {
    showStatus(name) {
      status.dataset.status = name;
      status.classList.toggle("live", name === "live");
      setText(status, WORDS[name]);
    },
    show(state) {
      const title = state.room.title || "livestream";
      setText(byId("title"), title);
      const { watching: here, paused } = state.viewers;
      // Where all have paused, nobody watches: they are told of, and no zero.
      const rests = here === 0 && paused > 0;
      setText(byId("watching-count"), String(rests ? paused : here));
      setText(byId("watching-word"), rests ? "paused" : "watching");
      watching.dataset.tip = paused ? `${count(paused, "viewer has", "viewers have")} paused` : "Nobody has paused";
    },
    showLatency(ms) {
      delay.hidden = ms == null;
      if (ms != null) {
        setText(byId("latency"), `${Math.round(ms)} ms`);
      }
    },
  };
}
