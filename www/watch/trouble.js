// Trouble in words on the picture, with what happens next and the seconds until then. Several
// troubles may stand at once; the one nearest to the viewer is shown. Does not repair anything.

import { byId, setIcon, setText } from "../shared/dom.js";
import { say } from "../shared/announce.js";
import { seconds } from "../shared/format.js";
import { word } from "../shared/words.js";

// The nearest first: without a connection nothing is known of the camera.
const ORDER = ["connection", "full", "stream", "film", "source"];
const TICK_MS = 250;

/** `onRetry()` when "Try now" is pressed. */
export function createTrouble({ onRetry }) {
  const standing = new Map();
  const box = byId("trouble");
  let timer = 0;
  let said = "";
  byId("trouble-retry").addEventListener("click", onRetry);

  function draw() {
    const trouble = ORDER.map((kind) => standing.get(kind)).find(Boolean);
    box.hidden = !trouble;
    if (!trouble) {
      clearInterval(timer);
      timer = 0;
      said = "";
      return;
    }
    timer ||= setInterval(draw, TICK_MS);
    const detail = typeof trouble.detail === "function" ? trouble.detail() : trouble.detail;
    setIcon(byId("trouble-icon"), trouble.icon);
    setText(byId("trouble-title"), trouble.title);
    setText(byId("trouble-detail"), [detail, nextTry(trouble.retryAt)].filter(Boolean).join(" "));
    byId("trouble-retry").hidden = trouble.retryAt == null;
    if (said !== trouble.said) {
      said = trouble.said;
      say(trouble.said);
    }
  }

  return {
    /** `said` is what a reader hears, once; it holds no running number. */
    set(kind, trouble) {
      standing.set(kind, { said: trouble.title, ...trouble });
      draw();
    },
    clear(kind) {
      if (standing.delete(kind)) {
        draw();
      }
    },
    has: (kind) => standing.has(kind),
    get any() {
      return standing.size > 0;
    },
  };
}

function nextTry(retryAt) {
  if (retryAt == null) {
    return "";
  }
  const left = Math.ceil((retryAt - performance.now()) / 1000);
  return left > 0 ? word("watch.trouble.again-in", { time: seconds(left) }) : word("watch.trouble.again");
}
