// By which way a title is played in this browser.

import { word } from "./words.js";

/** Whether this browser decrypts by itself: not on pages that came in clear. */
const hasKeys = () => isSecureContext && "requestMediaKeySystemAccess" in navigator;

/**
 * The manifest of a title, how it is called on its page, and what is said of it; null if it cannot be
 * played here. `by` is what somebody asked for, if it is anything.
 */
export function wayOf({ encrypted, dash, hls, clear }, by) {
  if (!encrypted) {
    return by === "hls" ? { by, source: hls } : { by: "dash", source: dash };
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

/** What is said where there is none. */
export function troubleInClear() {
  const address = location.href.replace("http:", "https:");
  return { title: word("title.trouble.in-clear"), detail: word("title.trouble.in-clear.about", { address }) };
}
