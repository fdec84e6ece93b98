// What the picture is, in one line below the plots: its size, its coding, and in how many pixels
// of this screen it is shown.

import { byId, setText } from "../shared/dom.js";

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
        parts.push(`${coding} from the source${source.nominal_fps ? ` at ${source.nominal_fps} fps` : ""}`);
      }
      if (viewer?.quality) {
        parts.push(viewer.passthrough ? "sent as it came" : `sent as JPEG of quality ${viewer.quality}`);
      }
      if (shown) {
        parts.push(`shown in ${shown.width} × ${shown.height} pixels`);
      }
      setText(line, parts.join(" · "));
    },
  };
}
