// The picture alone, or the room's film: opened again when it or the server is gone, and the last
// picture kept meanwhile.

import { getSnapshot, getState } from "../shared/api.js";
import { followPresence } from "../shared/presence.js";
import { createSocket } from "../shared/socket.js";
import { createStream } from "../shared/stream.js";
import { createTogether } from "../watch/film/together.js";

const nothing = () => {};
const video = document.getElementById("film");
const shows = video ? showFilm() : showPicture();

const socket = createSocket({
  address: () => `socket?tab=${shows.tab}`,
  ask: () => getState(shows.tab),
  pause: () => 1000,
  onTrip: nothing,
  onLink: shows.onLink,
  onState(state, at) {
    if (Boolean(state.film) === Boolean(video)) {
      shows.onState(state, at);
    } else {
      // Another source was given to the room, and its page is another.
      location.reload();
    }
  },
  onFailure: shows.onFailure,
});

shows.start();
socket.start();

function showPicture() {
  let wasOffline = false;
  const stream = createStream({
    picture: document.getElementById("picture"),
    still: document.getElementById("still"),
    getStill: getSnapshot,
    onOpening: nothing,
    onPicture: nothing,
    onFailure: nothing,
    onRenamed: () => socket.renew(),
  });
  return {
    get tab() {
      return stream.tab;
    },
    onLink: nothing,
    onState({ viewer }, at) {
      // In another site's frame it has no cookie, and is nobody whom the server knows: then the
      // stream is opened anew when the server was gone.
      if (viewer) {
        stream.check(Boolean(viewer.tab_open), at, wasOffline);
      } else if (wasOffline) {
        stream.open();
      }
      wasOffline = false;
    },
    onFailure(failure) {
      wasOffline ||= failure.kind === "offline";
    },
    start() {
      followPresence(stream, socket);
      stream.catchUp();
    },
  };
}

function showFilm() {
  const tap = document.getElementById("film-tap");
  const words = document.getElementById("film-words");
  const together = createTogether({
    video,
    still: document.getElementById("still"),
    ask: (type, fields) => socket.ask(type, fields),
    // Browsers let a frame of another site play without sound, until somebody taps.
    onChange() {
      tap.hidden = !together.player.silent;
      // A frame of another site has no cookie, and who is in it no account.
      words.hidden = !together.player.words;
      words.textContent = together.player.words?.title ?? "";
    },
  });
  tap.addEventListener("click", () => together.player.setMuted(false));
  return {
    tab: "film",
    onLink: together.setConnected,
    onState: ({ film }, at) => together.take(film, at, performance.now()),
    onFailure: nothing,
    start: nothing,
  };
}
