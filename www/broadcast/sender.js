// A worker: makes JPEGs of the pictures that it is given and sends them, the newest first, as fast as
// the server answers. Has the connection, and opens it again when it is lost. What a person reads is
// said by the page.

import { createPace } from "./pace.js";

const PAUSES_MS = [300, 700, 1500, 3000, 5000];
const OPENING_MS = 8000;
// The server says something each second.
const SILENCE_MS = 6000;
const IDLE_EACH_MS = 1000;
const TOLD_EACH_MS = 1000;
// After these codes nobody tries again: 1008 no longer allowed, 4000 to 4003 see docs/socket.md.
const FINAL = [1008, 4000, 4001, 4002, 4003];

const canvas = new OffscreenCanvas(16, 16);
const context = canvas.getContext("2d", { alpha: false });
const pace = createPace();
const limits = { width: 1280, height: 720, rate: 30, mirror: false };

let address = null;
let socket = null;
let isOn = false;
let wanted = true;
let failures = 0;
let retry = 0;
let watch = 0;
let reader = null;
let newest = null;
let making = false;
let sentAt = 0;
let tally = { pictures: 0, bytes: 0, width: 0, height: 0 };

function open() {
  clearTimeout(retry);
  const opening = new WebSocket(address);
  opening.binaryType = "arraybuffer";
  socket = opening;
  expect(OPENING_MS);
  opening.addEventListener("message", ({ data }) => {
    if (socket === opening) {
      expect(SILENCE_MS);
      hear(JSON.parse(data));
    }
  });
  opening.addEventListener("close", ({ code }) => {
    if (socket === opening) {
      lost(code);
    }
  });
}

/** A connection on which nothing comes is none: a phone's network went away. */
function expect(ms) {
  clearTimeout(watch);
  watch = setTimeout(() => {
    drop();
    lost(1006);
  }, ms);
}

/** Lets go of the connection; nothing of it is heard any more. */
function drop() {
  const old = socket;
  socket = null;
  // Also while it opens: Chromium opens no other to the same server until that is done.
  old?.close(1000);
}

function hear(message) {
  if (message.type === "on") {
    isOn = true;
    failures = 0;
    pace.restart();
    postMessage(message);
  } else if (message.type === "ack") {
    pace.answered(performance.now());
    make();
  } else if (message.type === "air") {
    wanted = message.wanted;
    postMessage(message);
  } else if (message.type === "taken") {
    postMessage(message);
  }
}

function lost(code) {
  clearTimeout(watch);
  isOn = false;
  socket = null;
  if (!address) {
    return;
  }
  if (FINAL.includes(code)) {
    address = null;
    postMessage({ type: "over", code });
    return;
  }
  const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)];
  failures += 1;
  postMessage({ type: "lost", failures });
  clearTimeout(retry);
  retry = setTimeout(open, pause);
}

function close() {
  address = null;
  isOn = false;
  clearTimeout(retry);
  clearTimeout(watch);
  drop();
}

/** Takes a picture in the place of one that was not sent yet. */
function take(picture) {
  newest?.close();
  newest = picture;
  make();
}

const isDue = (now) => now - sentAt >= (wanted ? 1000 / limits.rate - 4 : IDLE_EACH_MS);

async function make() {
  const now = performance.now();
  if (!newest || making || !isOn || !isDue(now)) {
    return;
  }
  const picture = newest;
  newest = null;
  if (!pace.may(now)) {
    // It waits for the next answer, unless a newer one comes.
    newest = picture;
    return;
  }
  making = true;
  sentAt = now;
  try {
    const blob = await jpegOf(picture);
    const bytes = await blob.arrayBuffer();
    if (isOn) {
      socket.send(bytes);
      pace.sent(performance.now());
      tally = { ...tally, pictures: tally.pictures + 1, bytes: tally.bytes + bytes.byteLength };
    }
  } finally {
    picture.close();
    making = false;
  }
}

function jpegOf(picture) {
  const { scale, quality } = pace.step();
  const [from, to] = [picture.displayWidth ?? picture.width, picture.displayHeight ?? picture.height];
  // As large as was wished at the most, and upright if a phone is held so.
  const [wide, high] = from >= to ? [limits.width, limits.height] : [limits.height, limits.width];
  const fit = Math.min(1, wide / from, high / to) * scale;
  const even = (side) => Math.max(16, Math.round((side * fit) / 2) * 2);
  const [width, height] = [even(from), even(to)];
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
  }
  context.setTransform(limits.mirror ? -1 : 1, 0, 0, 1, limits.mirror ? width : 0, 0);
  context.drawImage(picture, 0, 0, width, height);
  [tally.width, tally.height] = [width, height];
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}

async function read(readable) {
  const own = readable.getReader();
  reader?.cancel().catch(() => {});
  reader = own;
  for (;;) {
    const { done, value } = await own.read();
    if (done || reader !== own) {
      value?.close();
      return;
    }
    take(value);
  }
}

const HEARD = {
  open({ url }) {
    address = url;
    failures = 0;
    open();
  },
  close,
  /** The network is back. */
  now() {
    if (address && !isOn) {
      drop();
      open();
    }
  },
  limits({ type, ...others }) {
    Object.assign(limits, others);
  },
  picture({ picture }) {
    take(picture);
  },
  track({ readable }) {
    read(readable);
  },
};

addEventListener("message", ({ data }) => HEARD[data.type](data));

setInterval(() => {
  if (isOn) {
    const { quality } = pace.step();
    postMessage({ type: "sent", ...tally, quality: Math.round(quality * 100), trip: pace.trip() });
  }
  [tally.pictures, tally.bytes] = [0, 0];
}, TOLD_EACH_MS);
