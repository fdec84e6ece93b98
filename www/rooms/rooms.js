// The list of rooms: who is in them, and a small picture of each that is open, a new one each
// second while somebody looks. All of it comes by one socket, as a browser makes six connections to
// a server and a stream would hold one; where there is no socket, by one question after the other.

import { getPreview, getRooms } from "../shared/api.js";
import { byId, make, setText } from "../shared/dom.js";
import { createSocket } from "../shared/socket.js";
import { createTheme } from "../shared/theme.js";
import { word } from "../shared/words.js";

const RESTS = {
  live: "",
  idle: word("rooms.status.idle"),
  opening: word("rooms.status.opening"),
  lost: word("rooms.status.lost"),
};

const cards = new Map([...document.querySelectorAll(".room-card")].map((card) => [card.dataset.path, card]));
// The cards' addresses begin where this page lies.
const root = [...cards.keys()].map((path) => path.slice(0, path.indexOf("./")))[0] ?? "";
const addressOf = (path) => `${root}.${path}`;

function showPicture(path, blob) {
  const card = cards.get(addressOf(path));
  if (card?.dataset.status !== "live") {
    return;
  }
  const place = card.querySelector(".room-picture");
  let picture = place.querySelector("img");
  if (!picture) {
    picture = make("img");
    picture.alt = "";
    place.prepend(picture);
  }
  picture.classList.remove("room-still");
  const old = picture.src;
  picture.src = URL.createObjectURL(blob);
  if (old.startsWith("blob:")) {
    picture.addEventListener("load", () => URL.revokeObjectURL(old), { once: true });
  }
}

function hidePicture(card) {
  const picture = card.querySelector("img");
  // The still that stands for it while it shows nothing is drawn by the server.
  if (picture && !picture.classList.contains("room-still")) {
    URL.revokeObjectURL(picture.src);
    picture.remove();
  }
}

function showRooms(rooms) {
  if (rooms.some(({ path }) => !cards.has(addressOf(path))) || rooms.length !== cards.size) {
    // A room was made or closed since: the server draws the list.
    location.reload();
    return;
  }
  for (const { path, title, watching, source } of rooms) {
    const card = cards.get(addressOf(path));
    card.dataset.status = source.status;
    setText(card.querySelector(".room-title"), title);
    setText(card.querySelector(".room-people"), word("rooms.watching", { count: watching }));
    // Of a film the server has no picture, whoever watches it.
    const rest = source.kind === "film" ? word("rooms.film") : RESTS[source.status];
    setText(card.querySelector(".room-rest"), rest ?? "");
    if (source.status !== "live") {
      hidePicture(card);
    }
  }
}

/** Without a socket. */
async function ask() {
  const { rooms } = await getRooms();
  showRooms(rooms);
  for (const { path, source } of rooms) {
    if (source.status === "live") {
      // It may be closed meanwhile; the next answer says so.
      await getPreview(addressOf(path)).then((blob) => showPicture(path, blob), () => {});
    }
  }
}

const trouble = byId("rooms-trouble");
const socket = createSocket({
  // That of a room that may be entered: the one that this page lies in may be shut.
  address: () => `${cards.keys().next().value ?? "./"}socket`,
  hello: "rooms",
  ask,
  pause: () => 1000,
  onTrip() {},
  onState() {
    trouble.hidden = true;
  },
  onMessage({ type, rooms }) {
    if (type === "rooms") {
      showRooms(rooms);
    }
  },
  onBytes(bytes) {
    const length = new Uint8Array(bytes, 0, 1)[0];
    const path = new TextDecoder().decode(new Uint8Array(bytes, 1, length));
    showPicture(path, new Blob([new Uint8Array(bytes, 1 + length)], { type: "image/jpeg" }));
  },
  onFailure(failure) {
    trouble.textContent = failure.message;
    trouble.hidden = false;
  },
});

document.addEventListener("visibilitychange", () => (document.hidden ? socket.stop() : socket.start()));
addEventListener("pagehide", socket.stop);
addEventListener("pageshow", ({ persisted }) => persisted && socket.start());
createTheme({ buttons: [], onChange() {} });
socket.start();
