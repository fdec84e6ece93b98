// The deck's controls: pause, quality, mode, and the level as it moves. Shows what it is given
// and says what was clicked; settings.js decides what stands.

import { byId, setAttribute, setIcon, setText } from "../shared/dom.js";
import { say, tell } from "../shared/announce.js";
import { createSegments } from "../shared/segments.js";
import { word } from "../shared/words.js";

// Where a quality stands along Auto·Low·Medium·High: at the middle of the segment that means it.
const PLACES = [
  [10, 0.26],
  [20, 0.375],
  [50, 0.625],
  [90, 0.875],
  [100, 0.99],
];

const MODE_WORDS = {
  home: word("watch.mode.home-sentence"),
  gaming: word("watch.mode.gaming-sentence"),
};

const WHY = {
  share: word("watch.level.share"),
  link: word("watch.level.link"),
  motion: word("watch.level.motion"),
  source: word("watch.level.source"),
  screen: word("watch.level.screen"),
};

export function createDeck({ settings }) {
  const group = byId("quality");
  const number = byId("quality-number");
  const pause = byId("pause");
  let last = null;

  const quality = createSegments({
    group,
    onChoose: (value) => settings.set("quality", value),
    // With the keyboard's focus on it the tip says it already.
    onLocked: () => (group.querySelector(":focus-visible") ? say : tell)(word("watch.quality.locked-sentence")),
  });
  const mode = createSegments({
    group: byId("mode"),
    onChoose: (value) => settings.set("mode", value),
    onLocked: () => {},
  });

  const togglePause = () => settings.set("paused", String(!last?.paused));
  pause.addEventListener("click", togglePause);

  function showLock(locked) {
    byId("quality-lock").hidden = !locked;
    if (locked) {
      setAttribute(group, "aria-describedby", "quality-lock");
      group.dataset.tip = word("watch.quality.locked");
    } else {
      group.removeAttribute("aria-describedby");
      delete group.dataset.tip;
    }
  }

  function showPause(paused) {
    setIcon(byId("pause-icon"), paused ? "play" : "pause");
    const label = paused ? word("watch.resume") : word("watch.pause");
    setAttribute(pause, "aria-label", label);
    pause.dataset.tip = label;
  }

  return {
    show(viewer) {
      last = viewer;
      const gaming = viewer.mode === "gaming";
      const named = ["auto", "low", "medium", "high"].includes(viewer.choice);
      number.hidden = named;
      if (!named) {
        number.value = viewer.choice;
        setText(number, viewer.choice);
      }
      document.body.dataset.mode = viewer.mode;
      setText(byId("mode-words"), MODE_WORDS[viewer.mode] ?? "");
      quality.show(viewer.choice, gaming);
      mode.show(viewer.mode, false);
      showLock(gaming);
      showPause(viewer.paused);
      const level = viewer.gaming_quality ?? viewer.quality;
      group.style.setProperty("--at", placeOf(gaming ? Math.min(level, viewer.quality ?? level) : level));
      setText(byId("level-text"), levelText(viewer));
    },
    togglePause,
    chooseQuality(value) {
      if (last?.mode === "gaming") {
        tell(word("watch.quality.locked-sentence"));
      } else {
        settings.set("quality", value);
      }
    },
    chooseMode: (value) => settings.set("mode", value),
  };
}

function placeOf(quality) {
  const above = PLACES.findIndex(([at]) => quality <= at);
  if (above <= 0) {
    return above < 0 ? PLACES.at(-1)[1] : PLACES[0][1];
  }
  const [fromQuality, from] = PLACES[above - 1];
  const [toQuality, to] = PLACES[above];
  return from + ((quality - fromQuality) / (toQuality - fromQuality)) * (to - from);
}

function levelText(viewer) {
  const { quality } = viewer;
  if (viewer.paused || quality == null) {
    return "";
  }
  const reason = viewer.passthrough ? word("watch.level.passthrough") : WHY[viewer.limited_by];
  return reason ? word("watch.level.because", { quality, reason }) : word("watch.level.known", { quality });
}
