// The page on which one goes live: the picture before it is sent, and what becomes of it.

import { say } from "../shared/announce.js";
import { byId, setText } from "../shared/dom.js";
import { recall, remember } from "../shared/remember.js";
import { createTheme } from "../shared/theme.js";
import { word } from "../shared/words.js";
import { createCamera } from "./camera.js";

createTheme({ buttons: [], onChange() {} });
if (byId("studio")) {
  start();
}

function start() {
  const studio = byId("studio");
  const preview = byId("preview");
  const [showCamera, go, stop, take] = ["show-camera", "go", "stop", "take"].map(byId);
  const [screen, next, mirror] = ["screen", "switch", "mirror"].map(byId);
  const [cameras, size, rate] = ["cameras", "size", "rate"].map(byId);
  const name = byId("name");
  const worker = new Worker(studio.dataset.sender);
  const camera = createCamera({
    video: byId("camera-picture"),
    onPictures: (message, transfer) => worker.postMessage(message, transfer),
    onEnd() {
      isScreen = false;
      tell(word("broadcast.ended"));
      show();
    },
  });
  let isLive = false;
  let isScreen = false;
  let isMirrored = false;
  let cameraId = recall("camera") ?? "";
  let wakeLock = null;

  if (!camera.isThere()) {
    byId("insecure").hidden = false;
    studio.hidden = true;
    return;
  }
  for (const [field, key] of [[size, "broadcast-size"], [rate, "broadcast-rate"], ...(name ? [[name, "chat-name"]] : [])]) {
    const known = recall(key);
    if (known && (field === name || [...field.options].some(({ value }) => value === known))) {
      field.value = known;
    }
  }

  function tell(sentence) {
    setText(byId("note"), sentence);
  }

  function wish() {
    const [width, height] = size.value.split("x").map(Number);
    return { width, height, rate: Number(rate.value) };
  }

  function sendLimits() {
    worker.postMessage({ type: "limits", ...wish(), mirror: isMirrored && !isScreen });
  }

  function show() {
    const has = camera.shows();
    preview.classList.toggle("has-picture", has);
    preview.classList.toggle("mirrored", isMirrored && !isScreen);
    showCamera.hidden = has && !isScreen;
    go.hidden = !has || isLive;
    stop.hidden = !isLive;
    mirror.hidden = !has || isScreen;
    next.hidden = !has || isScreen || cameras.options.length < 2;
    byId("cameras-field").hidden = isScreen || cameras.options.length < 2;
    screen.hidden = !camera.hasScreen() || isScreen;
    mirror.setAttribute("aria-pressed", String(isMirrored));
    if (!isLive) {
      for (const id of ["on-air", "watching", "facts"]) {
        byId(id).hidden = true;
      }
    }
  }

  async function open(how) {
    try {
      await how();
      tell("");
    } catch (error) {
      tell(WORDS_OF[error.name]?.() ?? word("broadcast.failed", { reason: error.message }));
    }
    sendLimits();
    show();
  }

  const WORDS_OF = {
    NotAllowedError: () => word("broadcast.denied"),
    NotFoundError: () => word("broadcast.no-camera"),
    NotReadableError: () => word("broadcast.busy"),
    OverconstrainedError: () => word("broadcast.no-camera"),
  };

  const openCamera = () =>
    open(async () => {
      isScreen = false;
      try {
        cameraId = await camera.camera({ id: cameraId, ...wish() });
      } catch (error) {
        if (error.name !== "OverconstrainedError" || !cameraId) {
          throw error;
        }
        // The one that was used last is not there any more.
        cameraId = await camera.camera({ id: "", ...wish() });
      }
      remember("camera", cameraId);
      await listCameras();
    });

  async function listCameras() {
    const all = await camera.list();
    cameras.replaceChildren(
      ...all.map(({ deviceId, label }, at) => new Option(label || word("broadcast.camera.number", { number: at + 1 }), deviceId)),
    );
    cameras.value = cameraId;
  }

  showCamera.addEventListener("click", openCamera);
  screen.addEventListener("click", () =>
    open(async () => {
      await camera.screen(wish());
      isScreen = true;
    }),
  );
  next.addEventListener("click", () => {
    const at = (cameras.selectedIndex + 1) % cameras.options.length;
    cameraId = cameras.options[at].value;
    openCamera();
  });
  mirror.addEventListener("click", () => {
    isMirrored = !isMirrored;
    sendLimits();
    show();
  });
  cameras.addEventListener("change", () => {
    cameraId = cameras.value;
    openCamera();
  });
  for (const [field, key] of [[size, "broadcast-size"], [rate, "broadcast-rate"]]) {
    field.addEventListener("change", () => {
      remember(key, field.value);
      sendLimits();
      if (camera.shows() && !isScreen) {
        openCamera();
      }
    });
  }
  byId("wishes").addEventListener("submit", (event) => event.preventDefault());

  function addressOf(takes) {
    const url = new URL("broadcast/socket", location.href);
    if (name) {
      url.searchParams.set("name", name.value.trim());
    }
    if (takes) {
      url.searchParams.set("take", "true");
    }
    return url;
  }

  function complain(field, sentence) {
    const place = byId("name-error");
    const isName = field === "name" && place;
    if (place) {
      place.hidden = !isName;
      setText(place, isName ? sentence : "");
      name.toggleAttribute("aria-invalid", Boolean(isName));
    }
    if (isName) {
      name.setAttribute("aria-invalid", "true");
      name.focus();
    } else {
      tell(sentence);
    }
  }

  /** Asks first without a socket, since a browser does not tell why it was refused one. */
  async function goLive(takes) {
    const url = addressOf(takes);
    const question = new URL(url);
    question.searchParams.set("check", "true");
    take.hidden = true;
    go.disabled = true;
    try {
      const answer = await fetch(question, { headers: { accept: "application/json" } });
      const { may, error, field } = await answer.json();
      if (!may) {
        complain(field, sentence(error));
        return;
      }
    } catch {
      tell(word("shared.offline"));
      return;
    } finally {
      go.disabled = false;
    }
    complain(null, "");
    if (name) {
      remember("chat-name", name.value.trim());
    }
    url.protocol = url.protocol.replace("http", "ws");
    isLive = true;
    sendLimits();
    worker.postMessage({ type: "open", url: url.href });
    tell(word("broadcast.connecting"));
    show();
    stop.focus();
  }

  function end() {
    isLive = false;
    wakeLock?.release();
    wakeLock = null;
    show();
  }

  go.addEventListener("click", () => goLive(false));
  take.addEventListener("click", () => goLive(true));
  stop.addEventListener("click", () => {
    worker.postMessage({ type: "close" });
    tell(word("broadcast.stopped"));
    end();
    go.focus();
  });

  const HEARD = {
    async on() {
      byId("on-air").hidden = false;
      tell("");
      say(word("broadcast.on-air"));
      // The screen of a phone stays on.
      wakeLock ??= await navigator.wakeLock?.request("screen").catch(() => null);
    },
    air({ watching, broken }) {
      setText(byId("watching"), word("broadcast.watching", { count: watching }));
      byId("watching").hidden = !isLive;
      if (broken > 0) {
        tell(word("broadcast.broken", { count: broken }));
      }
    },
    sent({ pictures, bytes, width, height, quality, trip }) {
      byId("facts").hidden = !isLive;
      setText(byId("sent"), word("broadcast.sent.value", { mbit: ((bytes * 8) / 1e6).toFixed(1), fps: pictures }));
      setText(byId("sent-picture"), word("broadcast.picture.value", { width, height, quality }));
      setText(byId("trip"), word("broadcast.trip.value", { ms: Math.round(trip) }));
    },
    taken({ name: other, may_take: mayTake }) {
      tell(word("broadcast.taken", { name: other }));
      take.hidden = !mayTake;
    },
    lost() {
      byId("on-air").hidden = true;
      tell(word("broadcast.lost"));
    },
    over({ code }) {
      const why = OVER[code]?.();
      if (why) {
        tell(why);
      }
      end();
    },
  };

  const OVER = {
    1008: () => word("broadcast.over.forbidden"),
    4001: () => word("broadcast.over.taken"),
    4002: () => word("broadcast.over.off"),
    4003: () => word("broadcast.over.garbage"),
  };

  worker.addEventListener("message", ({ data }) => HEARD[data.type](data));
  addEventListener("online", () => worker.postMessage({ type: "now" }));
  document.addEventListener("visibilitychange", async () => {
    // A lock goes when the page is hidden.
    if (!document.hidden && isLive) {
      wakeLock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    }
  });
  show();
}

const sentence = (error) => (/[.!?]$/.test(error) ? error : `${error[0].toUpperCase()}${error.slice(1)}.`);
