// The page that says that the server is full comes again by itself, while somebody looks at it.

import { createTheme } from "../shared/theme.js";

createTheme({ buttons: [], onChange() {} });
const waiting = document.getElementById("again");
if (waiting) {
  setInterval(() => {
    if (!document.hidden) {
      location.reload();
    }
  }, waiting.dataset.seconds * 1000);
}
