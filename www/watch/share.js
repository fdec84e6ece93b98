// The share bar: what this viewer uses, what it may use, out of what the server gives to all,
// and the sentence that says so. Shows only; the server splits.

import { byId, setAttribute, setText } from "../shared/dom.js";
import { bitrate, count, ratio, seconds } from "../shared/format.js";

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
      setText(byId("share-word"), double ? `Double share, ${seconds(viewer.donating_s)}` : "Your share");

      const sentence = sentenceOf(used, budget, state.viewers.watching, double);
      setText(shortNumber, bitrate(used));
      if (budget == null) {
        setText(longNumber, bitrate(used));
      } else {
        const { used: of, whole: all, unit } = ratio(used, budget);
        setText(longNumber, `${of} of ${all} ${unit}`);
      }
      share.dataset.tip = sentence;
      setAttribute(share, "aria-description", sentence);
    },
  };
}

function sentenceOf(used, budget, watching, double) {
  const tail = double ? " Your share counts double." : "";
  if (budget == null) {
    return `The server sets no limit; you use ${bitrate(used)}.${tail}`;
  }
  const { used: of, whole, unit } = ratio(used, budget);
  return `The server gives ${whole} ${unit} to ${count(watching, "viewer", "viewers")}; you use ${of}.${tail}`;
}
