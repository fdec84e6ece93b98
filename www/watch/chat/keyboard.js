// Keeps the page above a phone's keyboard where the browser only lays the keyboard over it. Others
// make the page smaller by themselves (`interactive-widget` in the frame).

/** Says in `--seen` how much of the height is seen, while that is less than all. */
export function followKeyboard() {
  const { body, documentElement: root } = document;
  const seen = window.visualViewport;

  function fit() {
    // Pinched, less is seen as well, and that is meant.
    const isCovered = seen.scale < 1.01 && root.clientHeight - seen.height > 1;
    body.classList.toggle("covered", isCovered);
    if (isCovered) {
      body.style.setProperty("--seen", `${seen.height}px`);
      scrollTo(0, 0);
    }
  }

  if (seen) {
    seen.addEventListener("resize", fit);
    seen.addEventListener("scroll", fit);
  }
}
