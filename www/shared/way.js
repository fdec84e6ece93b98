// By which way a title is played in this browser.

import { word } from "./words.js";

/** Whether this browser decrypts by itself: not on pages that came in clear. */
const hasKeys = () => isSecureContext && "requestMediaKeySystemAccess" in navigator;

// The players beside the page's own, each for the manifests of one ending. Neither takes keys as `/license` has
// them.
const [DASH_JS, HLS_JS] = ["dash.js", "hls.js"];

/**
 * The manifest of a title, how this way is called on its page, and what is said of it; null if it cannot be
 * played here. `by` is what somebody asked for, if it is anything.
 */
export function wayOf({ encrypted, dash, hls, clear, url }, by) {
  if (url) {
    const fits = new URL(url).pathname.endsWith(".m3u8") ? HLS_JS : DASH_JS;
    return { by: by === fits ? by : "url", source: url };
  }
  if (!encrypted) {
    return by === "hls" || by === HLS_JS ? { by, source: hls } : { by: by === DASH_JS ? by : "dash", source: dash };
  }
  if (clear && (by === "clear" || !hasKeys())) {
    return { by: "clear", source: clear, words: word("title.way.clear") };
  }
  if (!hasKeys()) {
    return null;
  }
  // The player takes keys of ClearKey with DASH alone.
  return { by: "dash", source: dash, words: word("title.way.keys") };
}

/** Whether a title can be played that way, so that it is offered. */
export function fitsWay({ encrypted, url }, by) {
  if (url) {
    return by === "url" || wayOf({ url }, by).by === by;
  }
  return !encrypted || by === "dash" || by === "clear";
}

/** What is said where there is none. */
export function troubleInClear() {
  const address = location.href.replace("http:", "https:");
  return { title: word("title.trouble.in-clear"), detail: word("title.trouble.in-clear.about", { address }) };
}
