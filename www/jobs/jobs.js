// The work of the library, drawn anew while some of it goes on.

import { say } from "../shared/announce.js";
import { byId, setText } from "../shared/dom.js";
import { fetchPart, redraw } from "../shared/redraw.js";
import { createTheme } from "../shared/theme.js";
import { createWork } from "../shared/work.js";
import { word } from "../shared/words.js";

const LOOK_MS = 1500;

const work = byId("work");

function trouble(sentence) {
  byId("trouble").hidden = !sentence;
  setText(byId("trouble"), sentence);
  if (sentence) {
    say(sentence);
  }
}

async function look() {
  try {
    const fresh = await fetchPart(location.href, "work");
    const lists = (part) => ["queue", "over"].map((id) => part.querySelector(`#${id}`));
    const [known, told] = [lists(work), lists(fresh)];
    if (known.every((list, at) => Boolean(list) === Boolean(told[at]))) {
      known.forEach((list, at) => list && redraw(list, told[at]));
    } else {
      redraw(work, fresh);
    }
  } catch {
    // What is shown stays; the next look may do.
  }
}

createTheme({ buttons: [], onChange() {} });
if (work) {
  createWork({
    place: work,
    jobs: byId("main").dataset.jobs,
    onDone(sentence) {
      trouble(sentence ?? word("shared.offline"));
      look();
    },
  });
  setInterval(() => !document.hidden && look(), LOOK_MS);
}
