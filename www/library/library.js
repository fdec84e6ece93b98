// The library's list: found as one types, and drawn anew while some of it is being made. Guests go on
// where this browser knows that they were.

import { say } from "../shared/announce.js";
import { byId, make } from "../shared/dom.js";
import { placesOf } from "../shared/places.js";
import { fetchPart, redraw } from "../shared/redraw.js";
import { createTheme } from "../shared/theme.js";
import { word } from "../shared/words.js";

const TYPING_MS = 250;
const LOOK_MS = 3000;
const MOST_BEGUN = 12;

const find = byId("find");
let typing = 0;
// Only the newest question counts.
let asked = 0;

/** Where a guest is, by the cards that are on the page. */
function showBegun() {
  const found = byId("found");
  if (found.dataset.guest === undefined || byId("q")?.value || byId("tag")?.value) {
    return;
  }
  const cards = placesOf().map(([id, at]) => [document.querySelector(`#titles .title-card[data-id="${id}"]`), at]);
  const begun = cards.filter(([card]) => card).slice(0, MOST_BEGUN).map(([card, at]) => withPlace(card, at));
  byId("begun-list").replaceChildren(...begun);
  byId("begun").toggleAttribute("data-shown", begun.length > 0);
}

function withPlace(card, at) {
  const copy = card.cloneNode(true);
  const length = Number(card.dataset.length);
  if (length > 0) {
    const place = make("progress", "progress title-place");
    place.max = length;
    place.value = at;
    place.setAttribute("aria-label", word("library.place"));
    copy.querySelector(".title-picture").append(place);
  }
  return copy;
}

async function draw(address) {
  const own = ++asked;
  try {
    const fresh = await fetchPart(address, "found");
    if (own !== asked || !fresh) {
      return;
    }
    const [old, lists] = [byId("found"), ["begun-list", "titles"]];
    for (const id of lists) {
      // Pictures that are there stay there.
      redraw(byId(id), fresh.querySelector(`#${id}`));
      fresh.querySelector(`#${id}`).replaceWith(byId(id));
    }
    old.replaceChildren(...fresh.childNodes);
    showBegun();
  } catch {
    // What is shown stays; the next look may do.
  }
}

function addressOf() {
  const url = new URL(find.action, location.href);
  for (const [name, value] of new FormData(find)) {
    if (value && !(name === "order" && value === "newest")) {
      url.searchParams.set(name, value);
    }
  }
  return url.href;
}

async function search() {
  const address = addressOf();
  history.replaceState(null, "", address);
  await draw(address);
  say(byId("count")?.textContent ?? "");
}

if (find) {
  find.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, TYPING_MS);
  });
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    search();
  });
  byId("found").addEventListener("click", (event) => {
    const link = event.target.closest("a.tag");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      byId("tag").value = new URL(link.href).searchParams.get("tag") ?? "";
      search();
    }
  });
}
createTheme({ buttons: [], onChange() {} });
showBegun();
setInterval(() => {
  if (!document.hidden && document.querySelector("[data-making]")) {
    draw(location.href);
  }
}, LOOK_MS);
