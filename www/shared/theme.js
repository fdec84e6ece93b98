// Auto, light or dark; and the browser's own frame in the same colour. The first paint is boot.js's.

import { recall, remember } from "./remember.js";
import { token } from "./dom.js";

export function createTheme({ buttons, onChange }) {
  const root = document.documentElement;
  const meta = document.createElement("meta");
  meta.name = "theme-color";
  document.head.append(meta);

  function apply(theme) {
    if (theme === "auto") {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = theme;
    }
    for (const button of buttons) {
      button.setAttribute("aria-checked", button.value === theme);
    }
    meta.content = token("--ground");
    onChange();
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      remember("theme", button.value);
      apply(button.value);
    });
  }
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => apply(root.dataset.theme ?? "auto"));
  const kept = recall("theme");
  apply(kept === "light" || kept === "dark" ? kept : "auto");
}
