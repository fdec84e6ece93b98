// Copies what is shown once.

import { onCopy } from "../shared/paste.js";

for (const button of document.querySelectorAll(".paste .copy")) {
  button.addEventListener("click", () => onCopy(button, button.previousElementSibling));
}
