// A button that copies what stands beside it, and says so for a moment.

import { make, setIcon, tokenMs } from "./dom.js";
import { copy } from "./copy.js";
import { say } from "./announce.js";
import { word } from "./words.js";

/** Copies the element's text; `button` shows that it did. */
export async function onCopy(button, element) {
  if (button.dataset.result) {
    return;
  }
  const result = await copy(element.textContent, element);
  const label = button.querySelector(".copy-label");
  const words = result === "copied" ? word("shared.copied") : word("shared.selected");
  const use = button.querySelector("use");
  const before = label?.textContent;
  say(words);
  button.classList.add("done");
  button.dataset.result = result;
  setIcon(use, result === "copied" ? "check" : "copy");
  const told = label ?? button.appendChild(make("span"));
  told.textContent = words;
  setTimeout(() => {
    button.classList.remove("done");
    delete button.dataset.result;
    setIcon(use, "copy");
    if (label) {
      label.textContent = before;
    } else {
      told.remove();
    }
  }, tokenMs("--copied-for"));
}
