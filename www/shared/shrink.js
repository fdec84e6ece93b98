// Makes a picture from this machine small, so that it fits a form.

const MOST_SIDE = 640;
// With a form's other fields it stays below the 64 KiB that a form may have, as base64.
const MOST_BYTES = 44_000;
const QUALITIES = [0.8, 0.65, 0.5, 0.35, 0.2];

/** A JPEG of it, as base64; rejects what is no picture. */
export async function shrink(file) {
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
