// The dialog in which a host makes a room of a title, where all see it at the same moment.

import { createDialog } from "../shared/components.js";
import { byId, setText } from "../shared/dom.js";
import { word } from "../shared/words.js";

const MOST_CHARS = 32;

/** What a title is called, as the name of a room: letters, digits, and a dash for all else. */
function nameOf(text) {
  const plain = text.normalize("NFD").toLowerCase().replace(/\p{M}/gu, "");
  return plain.replace(/[^a-z0-9]+/g, "-").slice(0, MOST_CHARS).replace(/^-+|-+$/g, "");
}

/** Opens the room; where it is. */
async function open(fields) {
  const answer = await fetch("../api/v1/rooms", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(fields),
  }).catch(() => null);
  if (!answer) {
    throw new Error(word("shared.offline"));
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Error(told.detail ?? word("shared.refused", { status: answer.status }));
  }
  return `..${told.path}`;
}

export function createTogether({ id, title, for_all: isForAll }) {
  const form = byId("together-form").elements;
  const wrong = byId("together-error");
  // Everybody sees what a room is called, and not everybody what a title is.
  form.name.value = (isForAll && nameOf(title)) || `film-${id}`;
  form.called.value = isForAll ? title.slice(0, form.called.maxLength) : "";
  createDialog(byId("together-dialog"), [byId("together")]);
  byId("together-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("together-open").disabled = true;
    wrong.hidden = true;
    try {
      location.assign(await open({ name: form.name.value, title: form.called.value, source: `title:${id}` }));
    } catch ({ message }) {
      setText(wrong, message);
      wrong.hidden = false;
    }
    byId("together-open").disabled = false;
  });
}
