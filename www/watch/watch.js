// Puts the page together: which part hears of what, and nothing more. Each part is a module of
// its own and knows none of the others. The page comes with its picture and its first state in it;
// this only takes over.

import * as api from "../shared/api.js";
import { tell } from "../shared/announce.js";
import { byId } from "../shared/dom.js";
import { ago, clockTime } from "../shared/format.js";
import { followPresence } from "../shared/presence.js";
import { createSocket } from "../shared/socket.js";
import { createTheme } from "../shared/theme.js";
import { createTips } from "../shared/tip.js";
import { createBar } from "./bar.js";
import { createChat } from "./chat/chat.js";
import { createDeck } from "./deck.js";
import { createDonate } from "./donate.js";
import { createFacts } from "./facts.js";
import { createFade } from "./fade.js";
import { createFilm } from "./film/film.js";
import { createFilters, isAcross } from "./filters.js";
import { createInvite } from "./invite.js";
import { createKeys } from "./keys.js";
import { createLatency } from "./latency.js";
import { createMenu } from "./menu.js";
import { createPlots } from "./plots.js";
import { createScreen } from "./screen.js";
import { createSettings } from "./settings.js";
import { createShare } from "./share.js";
import { createSnapshot } from "./snapshot.js";
import { createStream } from "../shared/stream.js";
import { createThanks } from "./thanks.js";
import { createTrouble } from "./trouble.js";
import { createView } from "./view.js";
import { word } from "../shared/words.js";

const POLL_MS = { home: 1000, gaming: 250 };
const PLOT_MS = 1000;

let state = null;
let stateAt = 0;
let plottedAt = 0;
let wasOffline = false;
let openAgainAt = 0;

const latency = createLatency();
const bar = createBar();
const share = createShare();
const thanks = createThanks();
// A room plays films, or shows what a camera sees.
const isFilm = Boolean(byId("film"));
const screen = createScreen({ picture: byId("picture") });
const tips = createTips();
const menu = createMenu();
const facts = createFacts();
const invite = createInvite({ state: () => state });
const snapshot = createSnapshot({ title: () => state?.room.title ?? "livestream", query: () => filters.query() });

const trouble = createTrouble({ onRetry: retryNow });

const film = isFilm && createFilm({
  video: byId("film"),
  ask: (type, fields) => socket.ask(type, fields),
  send: (fields) => command("film", fields),
  trouble,
  onChange: showStatus,
});

const stream = isFilm ? film.stream : createStream({
  picture: byId("picture"),
  still: byId("still"),
  getStill: () => api.getSnapshot(filters.query()),
  onOpening(hasStill) {
    byId("opening").hidden = hasStill;
    showStatus();
  },
  onPicture() {
    byId("opening").hidden = true;
    trouble.clear("stream");
    trouble.clear("full");
    if (viewer()?.paused) {
      stream.freeze();
    }
    showStatus();
  },
  onFailure(retryAt) {
    byId("opening").hidden = true;
    openAgainAt = retryAt;
    if (isFull()) {
      tellFull(retryAt);
    } else {
      trouble.set("stream", { icon: "unplug", title: word("watch.trouble.stream"), retryAt });
    }
    socket.now();
    showStatus();
  },
  onRenamed() {
    settings.forgetShown();
    socket.renew();
  },
});

const settings = createSettings({
  send: (fields) => command("viewer", fields),
  onChange: show,
  onRefused({ kind, message }) {
    tell(kind === "refused" ? message : word("watch.trouble.unchanged", { reason: message }));
  },
});

const deck = createDeck({ settings });

const filters = createFilters({ settings });

const donate = createDonate({ send: (fields) => command("donate", fields) });

const plots = createPlots({
  onToggle(open) {
    byId("main").classList.toggle("docked", open);
    byId("menu-plots").setAttribute("aria-checked", open);
  },
});

const socket = createSocket({
  address: () => `socket?tab=${stream.tab}`,
  ask: () => api.getState(stream.tab),
  pause: () => POLL_MS[viewer()?.mode] ?? POLL_MS.home,
  onTrip: latency.add,
  onMessage: (message) => chat.hear(message),
  onLink(isOpen) {
    chat.setConnected(isOpen);
    film?.setConnected?.(isOpen);
  },
  onState(answer, at) {
    trouble.clear("connection");
    stream.check(Boolean(answer.viewer?.tab_open), at, wasOffline);
    wasOffline = false;
    settings.restore(answer);
    take(answer, at);
  },
  async onFailure(failure, retryAt) {
    wasOffline ||= failure.kind === "offline";
    if (failure.kind === "slow" && (await stream.hasMoved())) {
      // The picture itself goes on: say it, and do not cover it.
      tell(word("watch.trouble.tabs"));
    } else {
      tellConnection(failure, retryAt);
    }
    plots.add(null);
    showStatus();
  },
});

const chat = createChat({ ask: socket.ask });

const view = createView({ onClick: isFilm ? film.togglePause : deck.togglePause, onDouble: screen.toggleFull, onChange: sayShown });

const fade = createFade({ holds: () => menu.open || chat.holds || donate.justGave || trouble.any || Boolean(viewer()?.paused) });

createTheme({ buttons: document.querySelectorAll("#menu .theme button"), onChange: plots.draw });

const ofCamera = [
  { keys: [" "], shown: [word("watch.keys.space")], words: word("watch.keys.pause"), act: deck.togglePause },
  { keys: ["1", "2", "3", "4"], shown: ["1", "2", "3", "4"], words: word("watch.keys.quality"), act: (key) => deck.chooseQuality(["auto", "low", "medium", "high"][key - 1]) },
  { keys: ["h"], shown: ["H"], words: word("watch.keys.home"), act: () => deck.chooseMode("home") },
  { keys: ["g"], shown: ["G"], words: word("watch.keys.gaming"), act: () => deck.chooseMode("gaming") },
];
const ofFilm = isFilm ? [
  // As players everywhere have them.
  { keys: [" ", "k"], shown: [word("watch.keys.space"), "K"], words: word("watch.keys.film"), act: film.togglePause },
  { keys: ["j"], shown: ["J"], words: word("watch.keys.back"), act: film.back },
  { keys: ["l"], shown: ["L"], words: word("watch.keys.forward"), act: film.forward },
  { keys: ["m"], shown: ["M"], words: word("watch.keys.sound"), act: film.toggleMute },
  { keys: ["p"], shown: ["P"], words: word("watch.keys.films"), act: film.openList },
] : [];

const keys = createKeys([
  ...(isFilm ? ofFilm : ofCamera),
  { keys: ["f"], shown: ["F"], words: word("watch.keys.fullscreen"), act: screen.toggleFull },
  ...(isFilm ? [] : [
    { keys: ["s"], shown: ["S"], words: word("watch.snapshot.label"), act: snapshot.save },
    { keys: ["m"], shown: ["M"], words: word("watch.keys.mirror"), act: filters.toggleMirror },
    { keys: ["e"], shown: ["E"], words: word("watch.keys.filters"), act: filters.open },
  ]),
  { keys: ["r"], shown: ["R"], words: word("watch.keys.rotate"), act: view.rotate },
  { keys: ["+", "="], shown: ["+"], words: word("watch.keys.larger"), act: view.zoomIn },
  { keys: ["-"], shown: ["-"], words: word("watch.keys.smaller"), act: view.zoomOut },
  { keys: ["0"], shown: ["0"], words: word("watch.keys.reset"), act: view.reset },
  { keys: ["q"], shown: ["Q"], words: word("watch.invite.title"), act: invite.open },
  { keys: ["d"], shown: ["D"], words: word("watch.donate.label"), act: donate.open },
  { keys: ["c"], shown: ["C"], words: word("watch.keys.chat"), act: chat.toggle },
  { keys: ["?"], shown: ["?"], words: word("watch.keys.list"), act: () => keys.openHelp() },
]);

byId("menu-plots").addEventListener("click", plots.toggle);
byId("menu-keys").addEventListener("click", keys.openHelp);

function command(type, fields) {
  return socket.send(type, fields, () => api.post(type, stream.tab, fields));
}

function viewer() {
  return state?.viewer ? settings.over(state.viewer) : null;
}

/** Takes a state that the server sent. */
function take(answer, sentAt = performance.now()) {
  if (Boolean(answer.film) !== isFilm) {
    // Another source was given to the room, and its page is another.
    location.reload();
    return;
  }
  state = answer;
  if (isFilm) {
    film.take(answer.film, sentAt, performance.now());
  }
  stateAt = performance.now();
  show();
  thanks.show(answer.thanks ?? []);
  if (stateAt - plottedAt >= PLOT_MS) {
    plottedAt = stateAt;
    plots.add(answer.viewer);
  }
  sayShown();
}

function show() {
  if (!state) {
    return;
  }
  bar.show(state);
  donate.show(state.server.donate_url);
  chat.showRoom(state);
  const mine = viewer();
  if (mine) {
    deck.show(mine);
    filters.show(mine);
    share.show(state, mine);
    bar.showLatency(mine.paused ? null : latency.ms(mine.latency_ms));
    showPaused(mine.paused);
  }
  facts.show(state, shownNow());
  if (!isFilm) {
    showSource(state.source);
  }
  if (trouble.has("stream") && isFull()) {
    tellFull(openAgainAt);
  } else if (trouble.has("full") && !isFull()) {
    trouble.clear("full");
  }
  showStatus();
  tips.refresh();
}

function showPaused(paused) {
  if (isFilm) {
    return;
  }
  if (document.body.classList.contains("paused") === paused && byId("paused-note").hidden === !paused) {
    return;
  }
  document.body.classList.toggle("paused", paused);
  byId("paused-note").hidden = !paused;
  if (paused) {
    stream.freeze();
  } else {
    stream.thaw();
  }
  fade.wake();
}

function showSource({ trouble: wrong }) {
  if (!wrong) {
    trouble.clear("source");
    return;
  }
  const title = wrong.title.replace(/[.\s]+$/, "");
  const detail = wrong.detail ?? "";
  const sinceAt = stateAt - wrong.since_s * 1000;
  const since = clockTime(new Date(Date.now() - (performance.now() - sinceAt)));
  trouble.set("source", {
    icon: "unplug",
    title: `${title}.`,
    said: `${title}. ${detail}`,
    // Whether it happened or lasts, it began then.
    detail: () => word("watch.trouble.since", { time: since, ago: ago((performance.now() - sinceAt) / 1000), detail }),
  });
}

function showStatus() {
  const lost = trouble.any || (!isFilm && state?.source.status === "lost");
  if (trouble.has("connection")) {
    bar.showStatus("offline");
  } else if (lost) {
    // What this browser alone cannot play is no fault of the room's.
    bar.showStatus(trouble.has("full") ? "full" : trouble.has("film") ? "unplayed" : "lost");
  } else if (isFilm) {
    bar.showStatus(film.paused ? "paused" : film.waiting ? "opening" : "film");
  } else if (viewer()?.paused) {
    bar.showStatus("paused");
  } else {
    bar.showStatus(state && byId("opening").hidden ? "live" : "opening");
  }
  if (lost) {
    bar.showLatency(null);
    // What is wrong is not to be looked for.
    fade.wake();
  }
  byId("paused-note").hidden = isFilm || lost || !viewer()?.paused;
}

const isFull = () => Boolean(state?.viewers.full);

function tellFull(retryAt) {
  trouble.clear("stream");
  const viewers = word("shared.viewers", { count: state.viewers.max });
  trouble.set("full", { icon: "users", title: word("shared.full", { viewers }), retryAt });
}

function tellConnection(failure, retryAt) {
  const slow = failure.kind === "slow";
  trouble.set("connection", {
    icon: slow ? "hourglass" : "wifi-off",
    title: slow ? word("shared.silent") : failure.kind === "refused" ? failure.message : word("watch.trouble.connection"),
    detail: "",
    retryAt,
  });
}

function retryNow() {
  socket.now();
  if (trouble.has("stream") || trouble.has("full")) {
    stream.open();
  }
}

function shownNow() {
  const { width, height } = state?.source ?? {};
  return isAcross(viewer()?.filter ?? "none") ? view.shown(height, width) : view.shown(width, height);
}

/** The server need not send more than this screen shows. */
function sayShown() {
  const shown = state?.viewer?.tab_open ? shownNow() : null;
  if (shown) {
    const { width, height } = state.source;
    settings.tellShown(`${shown.width}x${shown.height}`, `${width}x${height} ${viewer().filter}`);
  }
}

followPresence(stream, socket, () => isFilm || chat.listens);
addEventListener("online", socket.now);
addEventListener("resize", sayShown);

take(JSON.parse(byId("first-state").textContent));
if (document.hidden) {
  stream.close();
} else {
  stream.catchUp();
  socket.start();
}
// Everything can be pressed.
performance.mark("ready");
