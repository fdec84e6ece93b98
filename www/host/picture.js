// Sends a picture from this machine as a room's own.

import { shrink } from "../shared/shrink.js";
import { word } from "../shared/words.js";

/** `chooser` is the input of the file; its form has a field `jpeg`. */
export function createPicture(chooser) {
  const { form } = chooser;
  chooser.addEventListener("change", async () => {
    chooser.setCustomValidity("");
    const [file] = chooser.files;
    if (!file) {
      return;
    }
    try {
      form.elements.jpeg.value = await shrink(file);
      // What was chosen itself is not sent.
      chooser.disabled = true;
      form.submit();
    } catch {
      chooser.value = "";
      chooser.setCustomValidity(word("host.rooms.picture-unread"));
      chooser.reportValidity();
    }
  });
}
