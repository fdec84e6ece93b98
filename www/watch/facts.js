// What the picture is, in one line below the plots: its size, its coding, and in how many pixels
// of this screen it is shown.

import { byId, setText } from "../shared/dom.js";
import { word } from "../shared/words.js";

const CODINGS = { mjpeg: "JPEG", jpeg: "JPEG" };

export function createFacts() {
  const line = byId("facts");
  return {
    show({ source, viewer }, shown) {
      const parts = [];
      if (source.width) {
        parts.push(`${source.width} × ${source.height}`);
      }
      if (source.format) {
        const coding = CODINGS[source.format.toLowerCase()] ?? source.format;
        const rate = source.nominal_fps;
        parts.push(rate ? word("watch.facts.source-rate", { coding, rate }) : word("watch.facts.source", { coding }));
      }
      if (viewer?.quality) {
        const { quality } = viewer;
        parts.push(viewer.passthrough ? word("watch.facts.sent-as-it-came") : word("watch.facts.sent", { quality }));
      }
      if (shown) {
        parts.push(word("watch.facts.shown", shown));
      }
      setText(line, parts.join(" · "));
    },
  };
}
