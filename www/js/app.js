// Puts the page together: which part hears of what, and nothing more. Each part is a module of
// its own and knows none of the others.

import * as api from "./api.js";
import { tell } from "./announce.js";
import { createBar } from "./bar.js";
import { createDeck } from "./deck.js";
import { byId } from "./dom.js";
import { createDonate } from "./donate.js";
import { createFade } from "./fade.js";
import { ago, count } from "./format.js";
import { createKeys } from "./keys.js";
import { createLatency } from "./latency.js";
import { createMenu } from "./menu.js";
import { createPlots } from "./plots.js";
import { createPoll } from "./poll.js";
import { createScreen } from "./screen.js";
import { createSettings } from "./settings.js";
import { createShare } from "./share.js";
import { createSnapshot } from "./snapshot.js";
import { createStream } from "./stream.js";
import { createThanks } from "./thanks.js";
import { createTheme } from "./theme.js";
import { createTips } from "./tip.js";
import { createTrouble } from "./trouble.js";

const POLL_MS = { home: 1000, gaming: 250 };
// One lost answer is no trouble yet; a server that restarts is back before the second.
const FAILURES_TOLD = 2;
const TOO_MANY_TABS = "Is it open in six tabs? Close one: a browser makes six connections, no more.";
// These happened at a moment; the others last.
const EVENTS = new Set(["unplugged", "stalled", "ended", "failed"]);

let state = null;
let stateAt = 0;
let wasOffline = false;
let openAgainAt = 0;

const latency = createLatency();
const bar = createBar();
const share = createShare();
const thanks = createThanks();
const screen = createScreen();
const tips = createTips();
const menu = createMenu();
const snapshot = createSnapshot({ title: () => state?.server.name ?? "livestream" });

const trouble = createTrouble({ onRetry: retryNow });

const stream = createStream({
  picture: byId("picture"),
  still: byId("still"),
  getStill: api.getSnapshot,
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
    // The first answer came before the stream: the server did not know this viewer yet.
    if (!viewer()) {
      poll.now();
    }
    showStatus();
  },
  onFailure(retryAt) {
    byId("opening").hidden = true;
    openAgainAt = retryAt;
    if (isFull()) {
      tellFull(retryAt);
    } else {
      trouble.set("stream", { icon: "unplug", title: "The stream did not open.", retryAt });
    }
    poll.now();
    showStatus();
  },
});

const settings = createSettings({
  send: async (fields) => take(await api.post("/viewer", stream.tab, fields)),
  onChange: show,
  onRefused: (failure) => tell(failure.kind === "refused" ? failure.message : `${failure.message} Nothing was changed.`),
});

const deck = createDeck({ settings });

const donate = createDonate({
  async send(fields) {
    const answer = await api.post("/donate", stream.tab, fields);
    take(answer);
    return answer;
  },
});

const plots = createPlots({
  onToggle(open) {
    byId("stage").classList.toggle("docked", open);
    byId("menu-plots").setAttribute("aria-checked", open);
  },
});

const poll = createPoll({
  ask() {
    stream.glance();
    return api.getState(stream.tab);
  },
  pause: () => POLL_MS[viewer()?.mode] ?? POLL_MS.home,
  onAnswer(answer, sentAt, tookMs) {
    trouble.clear("connection");
    latency.add(tookMs);
    stream.check(Boolean(answer.viewer?.tab_open), sentAt, wasOffline);
    wasOffline = false;
    if (!settings.isStale(sentAt)) {
      take(answer);
    }
    plots.add(answer.viewer);
  },
  onFailure(failure, retryAt, failures) {
    wasOffline = failure.kind !== "refused";
    if (failure.kind === "slow" && stream.hasMoved()) {
      // The picture itself goes on: say it once, and do not cover it.
      if (failures === 1) {
        tell(`The server does not answer. ${TOO_MANY_TABS}`);
      }
    } else if (failures >= FAILURES_TOLD || failure.kind === "slow") {
      tellConnection(failure, retryAt);
    }
    plots.add(null);
    showStatus();
  },
});

const fade = createFade({ holds: () => menu.open || donate.justGave || Boolean(viewer()?.paused) });

createTheme({ buttons: document.querySelectorAll("#menu .theme button"), onChange: plots.draw });

const keys = createKeys([
  { keys: [" "], shown: ["Space"], words: "Pause or resume", act: deck.togglePause },
  { keys: ["1", "2", "3", "4"], shown: ["1", "2", "3", "4"], words: "Auto, Low, Medium, High", act: (key) => deck.chooseQuality(["auto", "low", "medium", "high"][key - 1]) },
  { keys: ["h"], shown: ["H"], words: "Home: your choice rules", act: () => deck.chooseMode("home") },
  { keys: ["g"], shown: ["G"], words: "Gaming: motion rules", act: () => deck.chooseMode("gaming") },
  { keys: ["f"], shown: ["F"], words: "Full screen, or double click", act: screen.toggleFull },
  { keys: ["s"], shown: ["S"], words: "Save a snapshot", act: snapshot.save },
  { keys: ["m"], shown: ["M"], words: "Mirror the picture", act: screen.toggleMirror },
  { keys: ["d"], shown: ["D"], words: "Donate", act: donate.open },
  { keys: ["?"], shown: ["?"], words: "This list", act: () => keys.openHelp() },
]);

byId("menu-mirror").addEventListener("click", screen.toggleMirror);
byId("menu-plots").addEventListener("click", plots.toggle);
byId("menu-keys").addEventListener("click", keys.openHelp);

function viewer() {
  return state?.viewer ? settings.over(state.viewer) : null;
}

/** Takes a state that the server sent, by a poll or in answer to a POST. */
function take(answer) {
  state = answer;
  stateAt = performance.now();
  show();
  thanks.show(answer.thanks ?? []);
  poll.rest();
}

function show() {
  if (!state) {
    return;
  }
  bar.show(state);
  donate.show(state.server.donate_url);
  const mine = viewer();
  if (mine) {
    deck.show(mine);
    share.show(state, mine);
    bar.showLatency(mine.paused ? null : latency.ms(mine.latency_ms));
    showPaused(mine.paused);
  }
  showSource(state.source);
  if (trouble.has("stream") && isFull()) {
    tellFull(openAgainAt);
  } else if (trouble.has("full") && !isFull()) {
    trouble.clear("full");
  }
  showStatus();
  tips.refresh();
}

function showPaused(paused) {
  const root = document.documentElement;
  if (root.classList.contains("paused") === paused) {
    return;
  }
  root.classList.toggle("paused", paused);
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
  const since = () => wrong.since_s + (performance.now() - stateAt) / 1000;
  trouble.set("source", {
    icon: "unplug",
    title: EVENTS.has(wrong.code) ? () => `${title} ${ago(since())} ago.` : `${title}.`,
    said: `${title}. ${wrong.detail ?? ""}`,
    detail: wrong.detail,
  });
}

function showStatus() {
  const lost = trouble.any || state?.source.status === "lost";
  if (trouble.has("connection")) {
    bar.showStatus("offline");
  } else if (lost) {
    bar.showStatus(trouble.has("full") ? "full" : "lost");
  } else if (viewer()?.paused) {
    bar.showStatus("paused");
  } else {
    bar.showStatus(state && byId("opening").hidden ? "live" : "opening");
  }
  if (lost) {
    bar.showLatency(null);
  }
  byId("paused-note").hidden = lost || !viewer()?.paused;
}

const isFull = () => Boolean(state?.viewers.full);

function tellFull(retryAt) {
  trouble.clear("stream");
  trouble.set("full", { icon: "users", title: `This server is full (${count(state.viewers.max, "viewer", "viewers")}).`, retryAt });
}

function tellConnection(failure, retryAt) {
  const slow = failure.kind === "slow";
  trouble.set("connection", {
    icon: slow ? "hourglass" : "wifi-off",
    title: slow ? "The server does not answer." : failure.kind === "refused" ? failure.message : "No connection.",
    detail: slow ? TOO_MANY_TABS : "",
    retryAt,
  });
}

function retryNow() {
  poll.now();
  if (trouble.has("stream") || trouble.has("full")) {
    stream.open();
  }
}

function wakeUp() {
  stream.open();
  poll.start();
}

function fallAsleep() {
  poll.stop();
  stream.close();
}

document.addEventListener("visibilitychange", () => (document.hidden ? fallAsleep() : wakeUp()));
addEventListener("pagehide", fallAsleep);
addEventListener("pageshow", (event) => {
  if (event.persisted && !document.hidden) {
    wakeUp();
  }
});
addEventListener("online", poll.now);

if (!document.hidden) {
  wakeUp();
}
