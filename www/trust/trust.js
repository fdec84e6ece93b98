// Asks, from the page in clear, whether this device trusts the certificate, until it does: whoever
// follows the steps in another window sees it turn. The steps themselves stand in trust.html.

import { byId, setIcon } from "../shared/dom.js";
import { onCopy } from "../shared/paste.js";
import { createTheme } from "../shared/theme.js";
import { word } from "../shared/words.js";

const BETWEEN_PROBES_MS = 4000;
const ICONS = { yes: "circle-check", no: "triangle-alert" };

/** A certificate that is not trusted makes the request fail; what is answered nobody may read. */
async function isTrusted(address) {
  try {
    await fetch(address, { mode: "no-cors", cache: "no-store" });
    return true;
  } catch {
    return false;
  }
}

async function probe(verdict) {
  const trusted = await isTrusted(verdict.dataset.probe);
  const state = trusted ? "yes" : "no";
  if (verdict.dataset.verdict !== state) {
    verdict.dataset.verdict = state;
    setIcon(byId("verdict-icon"), ICONS[state]);
    byId("verdict-words").textContent = trusted ? word("trust.yes") : word("trust.no");
  }
  // What is to be done next stands out.
  for (const [id, next] of [["go", trusted], ["certificate", !trusted]]) {
    byId(id).classList.toggle("filled", next);
    byId(id).classList.toggle("well", !next);
  }
  if (!trusted) {
    setTimeout(() => probe(verdict), BETWEEN_PROBES_MS);
  } else if ("sent" in verdict.dataset) {
    // It was led here on its way to a page, and needs nothing more.
    location.replace(byId("go").href);
  }
}

for (const paste of document.querySelectorAll(".paste")) {
  paste.querySelector("button").addEventListener("click", (event) => onCopy(event.currentTarget, paste.querySelector("code")));
}
createTheme({ buttons: [], onChange() {} });
const verdict = byId("verdict");
if (verdict) {
  probe(verdict);
}
