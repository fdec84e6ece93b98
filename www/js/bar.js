// The top bar's words: status, title, who watches, how late the picture is. Its buttons are
// menu.js and app.js.

import { byId, setText } from "./dom.js";
import { count } from "./format.js";

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
  const latency = byId("latency");

  return {
    showStatus(name) {
      status.dataset.status = name;
      status.classList.toggle("live", name === "live");
      setText(status, WORDS[name]);
    },
    show(state) {
      const title = state.server.name || "livestream";
      setText(byId("title"), title);
      if (document.title !== `${title} · livestream`) {
        document.title = `${title} · livestream`;
      }
      watching.hidden = false;
      setText(byId("watching-count"), String(state.viewers.watching));
      const { paused } = state.viewers;
      watching.dataset.tip = paused ? `${count(paused, "viewer has", "viewers have")} paused` : "Nobody has paused";
    },
    showLatency(ms) {
      latency.hidden = ms == null;
      if (ms != null) {
        setText(latency, `${Math.round(ms)} ms`);
      }
    },
  };
}
