// The page of one title: puts its player, its dialogs and what the server tells of it together.

import { say } from "../shared/announce.js";
import { createDialog } from "../shared/components.js";
import { byId, setText } from "../shared/dom.js";
import { onCopy } from "../shared/paste.js";
import { placeIn } from "../shared/places.js";
import { fetchPart, redraw } from "../shared/redraw.js";
import { createTheme } from "../shared/theme.js";
import { fitsWay, troubleInClear, wayOf } from "../shared/way.js";
import { createWork } from "../shared/work.js";
import { word } from "../shared/words.js";
import { createEdit } from "./edit.js";
import { createFollow } from "./follow.js";
import { createKeys } from "./keys.js";
import { createOther } from "./other.js";
import { createPlayer } from "./player.js";
import { createPresence } from "./presence.js";
import { createShare } from "./share.js";
import { createTogether } from "./together.js";
import { troubleOf } from "./trouble.js";

const LOOK_MS = 2000;

const state = JSON.parse(byId("first-state").textContent);
const asked = new URLSearchParams(location.search);
let generation = state.generation;
let player = null;
// This window has asked for it to be deleted.
let deleting = false;

function tellTrouble({ title, detail }) {
  setText(byId("player-title"), title);
  setText(byId("player-detail"), detail);
  byId("player-words").hidden = false;
}

/** Where it begins: as the address has it, or where one was. */
function beginning() {
  const time = Number(asked.get("t"));
  const place = time > 0 ? time : (state.signed_in ? state.place_s : placeIn(state.id));
  return place > 0 ? place : null;
}

/** The link by which a way to play it is chosen. */
const linkOf = (by) => document.querySelector(`[data-by="${by}"]`);

async function play(chosen) {
  const { by, source, words } = chosen;
  byId("way").hidden = !words;
  setText(byId("way-words"), words ?? "");
  const script = linkOf(by)?.dataset.script;
  player = (script ? createOther : createPlayer)({
    script,
    source: new URL(source, location.href).href,
    license: state.license,
    strip: state.strip,
    poster: state.poster,
    onFailure(error) {
      tellTrouble(troubleOf(error, Boolean(state.encrypted) || player.isSecret));
    },
  });
  createKeys({ video: player.video, place: byId("player-place"), toggleCaptions: player.toggleCaptions });
  await player.open(beginning());
}

function onTold(told) {
  if (told.gone) {
    if (deleting) {
      // Its answer is on its way, and leads elsewhere.
      return;
    }
    // Deleted, or no longer for who watches: the server says it.
    location.reload();
    return;
  }
  setText(byId("watching"), word("title.watching", { count: told.watching }));
  if (told.generation !== generation) {
    const isFirst = generation === 0;
    generation = told.generation;
    if (isFirst) {
      location.reload();
      return;
    }
    player?.renew();
    fetchPart(location.href, "facts").then((facts) => setText(byId("facts"), facts.textContent), () => {});
  }
}

/** What is being made of it, for who may know. */
async function lookAtWork() {
  try {
    const fresh = await fetchPart(location.href, "making");
    const [known, told] = [byId("making-list"), fresh.querySelector("#making-list")];
    if (known && told) {
      redraw(known, told);
    } else {
      redraw(byId("making"), fresh);
    }
  } catch {
    // What is shown stays; the next look may do.
  }
}

function listen() {
  createShare({ state, now: () => player?.video.currentTime ?? 0 });
  if (byId("together")) {
    createTogether(state);
  }
  if (byId("keys")) {
    createDialog(byId("keys-dialog"), [byId("keys")]);
  }
  byId("main").addEventListener("click", ({ target }) => {
    const button = target.closest(".copy");
    if (button) {
      onCopy(button, button.parentElement.querySelector("code"));
    }
  });
  byId("player-again")?.addEventListener("click", () => location.reload());
  if (state.own) {
    createEdit(state, {
      onDelete(isUnderWay) {
        deleting = isUnderWay;
      },
    });
    createWork({
      place: byId("making"),
      jobs: "../api/v1/jobs",
      onDone(sentence) {
        say(sentence ?? word("shared.offline"));
        lookAtWork();
      },
    });
    setInterval(() => byId("making").firstElementChild && !document.hidden && lookAtWork(), LOOK_MS);
  }
}

function start() {
  const chosen = wayOf(state, asked.get("by"));
  if (!chosen) {
    tellTrouble(troubleInClear());
    return;
  }
  for (const link of document.querySelectorAll("[data-by]")) {
    link.hidden = !fitsWay(state, link.dataset.by);
  }
  linkOf(chosen.by)?.setAttribute("aria-current", "true");
  if (!state.url) {
    play(chosen);
    return;
  }
  byId("load-elsewhere").addEventListener("click", () => {
    byId("ask-elsewhere").remove();
    play(chosen);
  });
}

createTheme({ buttons: [], onChange() {} });
listen();
if (state.playable) {
  start();
}
let isTold = false;
createFollow({
  id: state.id,
  onTold,
  onLink(isOpen) {
    isTold = isOpen;
  },
});
createPresence({ state, video: state.playable ? byId("video") : null, isTold: () => isTold, onTold });
