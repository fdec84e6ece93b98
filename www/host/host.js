// Copies what is shown once, lets masks be drawn, and sends pictures of rooms.

import { onCopy } from "../shared/paste.js";
import { createMask } from "./mask.js";
import { createPicture } from "./picture.js";

document.querySelectorAll("input[data-mask]").forEach(createMask);
document.querySelectorAll("input[data-picture]").forEach(createPicture);

for (const button of document.querySelectorAll(".paste .copy")) {
  button.addEventListener("click", () => onCopy(button, button.previousElementSibling));
}
