// The Connect page: writes the address it was opened by into every line, and copies lines. The
// server's QR code and the lines themselves stand in connect.html.

import { byId, make } from "../shared/dom.js";
import { onCopy } from "../shared/paste.js";
import { getState } from "../shared/api.js";
import { say } from "../shared/announce.js";
import { isLocal } from "../shared/place.js";
import { createTheme } from "../shared/theme.js";
import { word } from "../shared/words.js";

const opensLocally = isLocal(location.hostname);

// The address as the server wrote it into every line. A proxy may have put a path in front that the
// server was not told of: it is known better here.
const served = byId("address").textContent;
const here = new URL(".", location).href.replace(/\/$/, "");
// RTSP has a port of its own, which stays.
const RTSP = /rtsp:\/\/[^/\s]+?(:\d+)\//;
const lines = [...document.querySelectorAll("#programs code")].map((code) => ({ code, text: code.textContent }));

function writeLines(address) {
  for (const { code, text } of lines) {
    // Each part stays whole where it can: a line must not break inside "-i" or an address.
    const { hostname } = new URL(address);
    const line = text.replace(served, () => address).replace(RTSP, (_, port) => `rtsp://${hostname}${port}/`);
    const parts = line.split(" ");
    code.replaceChildren(...parts.flatMap((part, at) => [at > 0 ? " " : "", make("span", "", part)]));
  }
}

function showAddress(address) {
  byId("address").textContent = address;
}

/** Opened by localhost, the lines work on this computer only; offers those for the others. */
function offerOther(lanAddress) {
  const note = byId("lines-note");
  const button = byId("lines-switch");
  let lan = false;
  function draw() {
    writeLines(lan ? lanAddress : here);
    note.textContent = lan ? word("connect.lines.everywhere") : word("connect.lines.here");
    button.textContent = lan ? word("connect.lines.show-here") : word("connect.lines.show-everywhere");
  }
  button.addEventListener("click", () => {
    lan = !lan;
    draw();
    say(note.textContent);
  });
  byId("lines-for").hidden = false;
  draw();
}

async function learnAddresses() {
  let addresses;
  let path;
  try {
    ({ server: { addresses }, room: { path } } = await getState("connectpage"));
  } catch {
    return;
  }
  const pages = addresses.map((address) => new URL(path, address).href.replace(/\/$/, ""));
  const lan = pages.find((page) => !isLocal(new URL(page).hostname));
  const shown = opensLocally && lan ? lan : here;
  showAddress(shown);
  if (opensLocally && lan) {
    offerOther(lan);
  }
  const others = byId("others");
  // This machine by its own name is no address for others.
  for (const page of pages.filter((other) => other !== shown && !isLocal(new URL(other).hostname))) {
    others.append(make("li", "", word("connect.also", { address: `${page}/` })));
  }
  others.hidden = others.children.length === 0;
}

for (const paste of document.querySelectorAll(".paste")) {
  const button = paste.querySelector("button");
  const name = paste.parentElement.querySelector(".name").textContent;
  const program = paste.closest(".program").querySelector("h2").textContent;
  button.setAttribute("aria-label", word("connect.copy-line", { program, name }));
  button.addEventListener("click", () => onCopy(button, paste.querySelector("code")));
}
byId("copy-address").addEventListener("click", (event) => onCopy(event.currentTarget, byId("address")));

createTheme({ buttons: [], onChange() {} });
showAddress(here);
writeLines(here);
learnAddresses();
