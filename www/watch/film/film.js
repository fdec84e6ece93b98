// A room that plays films: the film, its bar, its list. Takes the place that the stream has in other
// rooms, and does as little of what that does as there is to do.

import { byId, setAttribute, setIcon, setText } from "../../shared/dom.js";
import { tell } from "../../shared/announce.js";
import { recall, remember } from "../../shared/remember.js";
import { word } from "../../shared/words.js";
import { createList } from "./list.js";
import { createTogether, filmOf } from "./together.js";

const DRAWN_EACH_MS = 250;

/** `ask(type, fields)` sends by the socket alone, `send(fields)` a command in any way there is. */
export function createFilm({ video, ask, send, trouble, onChange }) {
  const commands = "commands" in document.body.dataset;
  const at = byId("film-at");
  const volume = byId("film-volume");
  let section = null;
  let dragging = false;

  const together = createTogether({ video, still: byId("still"), ask, onChange: show });
  const { player } = together;
  const list = createList({ commands, act });

  const current = () => named(filmOf(section));
  const isPaused = () => section?.plays?.paused ?? true;

  /** A title's name is told to who may watch it alone. */
  function named(film) {
    return film?.title ? { ...film, name: player.called ?? word("watch.film.of-library") } : film;
  }

  async function act(fields) {
    try {
      await send(fields);
    } catch (failure) {
      tell(failure.message);
    }
  }

  function show() {
    const film = current();
    const paused = isPaused();
    setText(byId("film-name"), film?.name ?? "");
    const seconds = dragging ? Number(at.value) : player.position;
    if (!dragging) {
      at.max = film?.duration_s ?? 0;
      at.value = seconds;
    }
    setAttribute(at, "aria-valuetext", word("watch.film.at", { at: time(seconds), of: time(film?.duration_s ?? 0) }));
    setText(byId("film-time"), `${time(seconds)} / ${time(film?.duration_s ?? 0)}`);
    at.style.setProperty("--part", film ? seconds / film.duration_s : 0);
    showButtons(film, paused);
    showSound();
    byId("film-way").hidden = !player.way;
    if (player.way) {
      setAttribute(byId("film-way"), "aria-label", player.way);
      byId("film-way").dataset.tip = player.way;
    }
    byId("opening").hidden = !player.waiting || player.hasPicture;
    byId("film-sound-only").hidden = !film || player.hasPicture || player.waiting || Boolean(player.failed);
    setText(byId("film-sound-name"), film?.name ?? "");
    byId("film-paused").hidden = !film || !paused;
    showTrouble(film);
    onChange();
  }

  function showButtons(film, paused) {
    at.disabled = !commands || !film;
    if (!commands) {
      return;
    }
    setIcon(byId("film-pause-icon"), paused ? "play" : "pause");
    const label = paused ? word("watch.film.play") : word("watch.film.pause");
    setAttribute(byId("film-pause"), "aria-label", label);
    byId("film-pause").dataset.tip = label;
    for (const id of ["film-pause", "film-previous", "film-next"]) {
      byId(id).disabled = !film;
    }
  }

  function showSound() {
    const { muted } = player;
    setIcon(byId("film-mute-icon"), muted ? "volume-x" : "volume-2");
    const label = muted ? word("watch.film.unmute") : word("watch.film.mute");
    setAttribute(byId("film-mute"), "aria-label", label);
    byId("film-mute").dataset.tip = label;
    byId("film-tap").hidden = !player.silent || isPaused();
    volume.value = muted ? 0 : video.volume;
    volume.style.setProperty("--part", volume.value);
  }

  function showTrouble(film) {
    const codecs = film?.codecs.map((codec) => CODECS[codec] ?? codec).join(", ") ?? "";
    const unmade = section?.others.find(({ title }) => title)?.trouble;
    if (section?.status === "missing" && section.title) {
      trouble.set("film", { icon: "clapperboard", title: word("watch.film.deleted"), detail: word("watch.film.deleted-about") });
    } else if (section?.status === "missing") {
      trouble.set("film", { icon: "clapperboard", title: word("watch.film.missing") });
    } else if (unmade) {
      trouble.set("film", { icon: "hourglass", title: word("watch.film.not-yet"), detail: unmade });
    } else if (section?.status === "known" && !film) {
      trouble.set("film", { icon: "clapperboard", title: word("watch.film.none"), detail: section.others.length ? word("watch.film.none-playable") : word("watch.film.none-about") });
    } else if (player.failed === "words") {
      trouble.set("film", { icon: "clapperboard", ...player.words });
    } else if (player.failed === "sort") {
      trouble.set("film", { icon: "clapperboard", title: word("watch.film.sort", { name: film.name }), detail: word("watch.film.sort-about", { codecs }) });
    } else if (player.isBlind) {
      trouble.set("film", { icon: "clapperboard", title: word("watch.film.blind", { name: film.name }), detail: word("watch.film.blind-about", { codecs }) });
    } else if (player.failed === "server") {
      trouble.set("film", { icon: "unplug", title: word("watch.film.unloaded"), detail: word("watch.trouble.again") });
    } else {
      trouble.clear("film");
    }
  }

  function togglePause() {
    if (commands && current()) {
      act({ paused: !isPaused() });
    }
  }

  function seek(to) {
    if (commands && current()) {
      act({ film: current().film, position_s: Math.min(Math.max(0, to), current().duration_s) });
    }
  }

  function toggleMute() {
    const muted = !player.muted;
    player.setMuted(muted);
    remember("film-muted", muted ? "on" : "off");
    show();
  }

  if (commands) {
    byId("film-pause").addEventListener("click", togglePause);
    byId("film-previous").addEventListener("click", () => act({ skip: "previous" }));
    byId("film-next").addEventListener("click", () => act({ skip: "next" }));
  }
  byId("film-mute").addEventListener("click", toggleMute);
  byId("film-tap").addEventListener("click", () => {
    player.setMuted(false);
    show();
  });
  volume.addEventListener("input", () => player.setVolume(Number(volume.value)));
  at.addEventListener("input", () => {
    dragging = true;
    show();
  });
  at.addEventListener("change", () => {
    dragging = false;
    seek(Number(at.value));
  });
  video.muted = recall("film-muted") === "on";
  setInterval(show, DRAWN_EACH_MS);

  return {
    /** What the state says of the room's film; told between these two moments. */
    take(next, sentAt, heardAt) {
      section = next;
      together.take(section, sentAt, heardAt);
      list.show({ ...section, list: section.list.map(named), others: section.others.map(named) });
    },
    setConnected: together.setConnected,
    togglePause: () => (commands ? togglePause() : toggleMute()),
    toggleMute,
    back: () => seek(player.position - 10),
    forward: () => seek(player.position + 10),
    openList: list.open,
    get paused() {
      return Boolean(current()) && isPaused();
    },
    get waiting() {
      return player.waiting || !section?.plays;
    },
    stream: standIn(player),
  };
}

/** What else has the stream's place, to who looks after the page. */
function standIn(player) {
  const nothing = () => {};
  return {
    tab: "film",
    catchUp: nothing,
    open: () => player.step(true),
    // Sound goes on in a page that nobody sees.
    close: nothing,
    leave: nothing,
    freeze: nothing,
    thaw: nothing,
    check: nothing,
    hasMoved: async () => true,
  };
}

function time(value) {
  const whole = Math.floor(value);
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** What files call it, and people. */
const CODECS = {
  avc1: "H.264", avc3: "H.264", hvc1: "H.265", hev1: "H.265", av01: "AV1", vp09: "VP9", mp4v: "MPEG-4", mp4a: "AAC",
  "ac-3": "AC-3", "ec-3": "E-AC-3", V_VP8: "VP8", V_VP9: "VP9", V_AV1: "AV1", A_OPUS: "Opus", A_VORBIS: "Vorbis",
};
