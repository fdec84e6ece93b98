// The top bar's words: status, title, who watches, how late the picture is. Its buttons are
// menu.js and watch.js.

import { byId, setText } from "../shared/dom.js";
import { word } from "../shared/words.js";

const STATUSES = {
  live: word("watch.status.live"),
  film: word("watch.status.film"),
  opening: word("watch.status.opening"),
  paused: word("watch.status.paused"),
  lost: word("watch.status.lost"),
  unplayed: word("watch.status.unplayed"),
  full: word("watch.status.full"),
  offline: word("watch.status.offline"),
};

export function createBar() {
  const status = byId("status");
  const watching = byId("watching");
  const delay = byId("delay");

  return {
    showStatus(name) {
      status.dataset.status = name;
      status.classList.toggle("live", name === "live" || name === "film");
      setText(status, STATUSES[name]);
    },
    show(state) {
      const title = state.room.title || "livestream";
      setText(byId("title"), title);
      const { watching: here, paused } = state.viewers;
      // Where all have paused, nobody watches: they are told of, and no zero.
      const rests = here === 0 && paused > 0;
      setText(byId("watching-count"), String(rests ? paused : here));
      setText(byId("watching-word"), rests ? word("watch.people.paused") : word("watch.people.watching"));
      watching.dataset.tip = paused
        ? word("watch.people.have-paused", { count: paused })
        : word("watch.people.none-paused");
    },
    showLatency(ms) {
      delay.hidden = ms == null;
      if (ms != null) {
        setText(byId("latency"), word("watch.delay.time", { count: Math.round(ms) }));
      }
    },
  };
}
