// Tells the server where one is in a title; and, where no socket says it (follow.js), asks how many watch it and
// which renditions there are.

import { notePlace } from "../shared/places.js";

const PLACE_MS = 10_000;
const WATCH_MS = 15_000;
// While more renditions are being made.
const LOOK_MS = 3000;

/**
 * `onTold({ watching, generation, whole })` whenever the server said something; `isTold()` whether a socket
 * tells it. `video` may be none: then it is only asked.
 */
export function createPresence({ state, video, isTold, onTold }) {
  let whole = state.whole;
  let noted = null;
  let timer = 0;

  function sendPlace() {
    const at = video.ended ? video.duration : video.currentTime;
    if (!video.readyState || at === noted) {
      return;
    }
    noted = at;
    if (!state.signed_in) {
      notePlace(state.id, at, video.duration);
      return;
    }
    fetch(`../api/v1/titles/${state.id}/place`, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ at_s: Math.round(at * 1000) / 1000 }),
    }).catch(() => {});
  }

  const isWatching = () => Boolean(video && !video.paused && !video.ended);

  async function look() {
    clearTimeout(timer);
    timer = setTimeout(look, whole ? WATCH_MS : LOOK_MS);
    if (isTold()) {
      return;
    }
    try {
      const answer = await fetch(`../api/v1/titles/${state.id}`, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const told = await answer.json();
        whole = told.whole;
        onTold(told);
      }
    } catch {
      // It is asked again.
    }
  }

  if (video) {
    setInterval(() => isWatching() && sendPlace(), PLACE_MS);
    for (const event of ["pause", "seeked", "ended"]) {
      video.addEventListener(event, sendPlace);
    }
    addEventListener("pagehide", sendPlace);
    document.addEventListener("visibilitychange", () => document.hidden && sendPlace());
  }
  // A socket has a moment to say it first.
  timer = setTimeout(look, LOOK_MS);
}
