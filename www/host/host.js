// Copies what is shown once, and lets masks be drawn.

import { onCopy } from "../shared/paste.js";
import { createMask } from "./mask.js";

document.querySelectorAll("input[data-mask]").forEach(createMask);

for (const button of document.querySelectorAll(".paste .copy")) {
  button.addEventListener("click", () => onCopy(button, button.previousElementSibling));
}
