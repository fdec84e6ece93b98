// What the tests ask a page; put into each before its own scripts. Changes nothing.

globalThis.probe = {
  /** An image in little, as it is painted at this moment. */
  little(image, width = 64, height = 36) {
    const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    pen.drawImage(image, 0, 0, width, height);
    return pen.getImageData(0, 0, width, height).data;
  },

  /** Whether the picture has been opened and is shown. */
  hasPicture() {
    const picture = document.getElementById("picture");
    return picture.naturalWidth > 0 && picture.checkVisibility({ visibilityProperty: true });
  },

  /** Resolves when so many different pictures have been seen. */
  async seesPictures(count) {
    const seen = new Set();
    while (seen.size < count) {
      if (probe.hasPicture()) {
        seen.add(probe.little(document.getElementById("picture")).join());
      }
      await new Promise((done) => setTimeout(done, 15));
    }
    return seen.size;
  },

  /** Which of `count` upright parts of an image is the lightest. */
  lightest(image, count) {
    const bytes = probe.little(image, count, 1);
    const light = Array.from({ length: count }, (_, at) => bytes[4 * at]);
    return light.indexOf(Math.max(...light));
  },

  async snapshot() {
    const answer = await fetch("/snapshot", { cache: "no-store" });
    return createImageBitmap(await answer.blob());
  },

  async state() {
    const answer = await fetch("/state", { cache: "no-store" });
    return answer.json();
  },

  isShown(selector) {
    const element = document.querySelector(selector);
    return Boolean(element?.checkVisibility({ visibilityProperty: true, opacityProperty: true }));
  },
};
