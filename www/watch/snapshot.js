// Saves the newest frame as a file named by the time. Without JavaScript the link does the same
// with a plain name.

import { byId } from "../shared/dom.js";
import { fileTime } from "../shared/format.js";
import { getSnapshot } from "../shared/api.js";
import { tell } from "../shared/announce.js";
import { word } from "../shared/words.js";

/** `title()` gives the server's name, `query()` how the picture is to look. */
export function createSnapshot({ title, query }) {
  async function save() {
    try {
      const picture = await getSnapshot(query());
      const link = document.createElement("a");
      link.href = URL.createObjectURL(picture);
      link.download = `${fileName(title())}-${fileTime(new Date())}.jpg`;
      link.click();
      // Browsers read the blob after the click returns.
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      tell(word("watch.snapshot.saved"));
    } catch (failure) {
      tell(word("watch.snapshot.failed", { reason: failure.message }));
    }
  }

  byId("snapshot").addEventListener("click", (event) => {
    event.preventDefault();
    save();
  });
  return { save };
}

const fileName = (title) => title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+|-+$/g, "") || "livestream";
