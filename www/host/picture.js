// Sends a picture from this machine as a room's own: made small here, so that it fits a form.

import { word } from "../shared/words.js";

const MOST_SIDE = 640;
// With the form's other fields it stays below the 64 KiB that a form may have, as base64.
const MOST_BYTES = 44_000;
const QUALITIES = [0.8, 0.65, 0.5, 0.35, 0.2];

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

async function shrink(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, MOST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(16, Math.round(picture.width * scale));
  canvas.height = Math.max(16, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  for (const quality of QUALITIES) {
    const jpeg = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (jpeg.size <= MOST_BYTES) {
      return base64(new Uint8Array(await jpeg.arrayBuffer()));
    }
  }
  throw new Error("too large");
}

function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
