// What the tests ask a page; put into each before its own scripts. Changes nothing.

globalThis.probe = {
  /**
   * An image in little, as it is painted at this moment: Firefox would draw an older part of a
   * stream, but makes a bitmap of the newest.
   */
  async little(image, width = 64, height = 36) {
    const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    pen.drawImage(await createImageBitmap(image), 0, 0, width, height);
    return pen.getImageData(0, 0, width, height).data;
  },

  /** Whether the picture has been opened and is shown. */
  hasPicture() {
    const picture = document.getElementById("picture");
    return picture.naturalWidth > 0 && picture.checkVisibility({ visibilityProperty: true });
  },

  /** Whether so many different pictures are seen, for as long as anything may take. */
  async seesPictures(count) {
    const seen = new Set();
    const until = performance.now() + 20_000;
    while (seen.size < count && performance.now() < until) {
      if (probe.hasPicture()) {
        const pixels = await probe.little(document.getElementById("picture"));
        seen.add(pixels.join());
      }
      await new Promise((done) => setTimeout(done, 15));
    }
    return seen.size >= count;
  },

  /** Which of `count` upright parts of an image is the lightest. */
  async lightest(image, count) {
    const bytes = await probe.little(image, count, 1);
    const light = Array.from({ length: count }, (_, at) => bytes[4 * at]);
    return light.indexOf(Math.max(...light));
  },

  async snapshot() {
    const answer = await fetch("snapshot", { cache: "no-store" });
    return createImageBitmap(await answer.blob());
  },

  async state() {
    const answer = await fetch("state", { cache: "no-store" });
    return answer.json();
  },

  isShown(selector) {
    const element = document.querySelector(selector);
    return Boolean(element?.checkVisibility({ visibilityProperty: true, opacityProperty: true }));
  },
};

// When the first image was painted, in milliseconds from the navigation on.
probe.firstPaintedAt = null;
requestAnimationFrame(function look() {
  const painted = document.images[0]?.naturalWidth > 0;
  requestAnimationFrame(painted ? (now) => (probe.firstPaintedAt = now) : look);
});

// Not every browser says it by itself.
addEventListener("securitypolicyviolation", (event) => {
  console.error(`against the policy: ${event.violatedDirective} ${event.blockedURI}`);
});
