// The share bar: what this viewer uses, what it may use, out of what the server gives to all,
// and the sentence that says so. Shows only; the server splits.

import { byId, setAttribute, setText } from "../shared/dom.js";
import { bitrate, ratio, seconds } from "../shared/format.js";
import { word } from "../shared/words.js";

export function createShare() {
  const share = byId("share");
  const number = byId("share-number");
  const [shortNumber, longNumber] = number.children;

  return {
    show(state, viewer) {
      const used = viewer.paused ? 0 : viewer.sent_bits_per_sec ?? 0;
      const budget = state.budget.bits_per_sec;
      const whole = budget ?? Math.max(used, ...state.levels.map((level) => level.bits_per_sec ?? 0));
      // Without a limit all is its own; with one, what is not told yet is nothing.
      const part = viewer.share_bits_per_sec ?? (budget == null ? whole : 0);
      const bound = (value) => (whole > 0 ? Math.min(1, Math.max(0, value / whole)) : 0);
      byId("share-part").style.setProperty("--part", bound(part));
      byId("share-used").style.setProperty("--part", bound(used));

      const double = viewer.donating_s > 0;
      share.classList.toggle("double", double);
      const label = double
        ? word("watch.share.double", { time: seconds(viewer.donating_s) })
        : word("watch.share.label");
      setText(byId("share-word"), label);

      const sentence = sentenceOf(used, budget, state.viewers.watching, double);
      setText(shortNumber, bitrate(used));
      if (budget == null) {
        setText(longNumber, bitrate(used));
      } else {
        setText(longNumber, word("watch.share.part", ratio(used, budget)));
      }
      share.dataset.tip = sentence;
      setAttribute(share, "aria-description", sentence);
    },
  };
}

function sentenceOf(used, budget, watching, double) {
  const viewers = word("shared.viewers", { count: watching });
  const sentence = budget == null
    ? word("watch.share.unlimited", { used: bitrate(used) })
    : word("watch.share.limited", { viewers, ...ratio(used, budget) });
  return double ? `${sentence} ${word("watch.share.counts-double")}` : sentence;
}
