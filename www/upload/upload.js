// The page on which files are brought to the library: several at once, each with its row. What was not
// finished, here or on another device, is listed from the server and gone on with once the same file is
// chosen again.

import { say } from "../shared/announce.js";
import { byId, setText } from "../shared/dom.js";
import { size } from "../shared/format.js";
import { createTheme } from "../shared/theme.js";
import { word } from "../shared/words.js";
import { createUpload, fingerprint, listOf, lookAt, metadataOf, remove } from "./tus.js";

// More would share the same way to the server.
const AT_ONCE = 2;

// How soon it is looked again at what becomes of a file.
const LOOK_MS = 2000;

const list = byId("list");
const { root } = byId("main").dataset;
const uploads = byId("main").dataset.uploads;
/** A row each: what is known of it, and the upload that brings it, if one does. */
const rows = [];

const addressOf = (id) => `${uploads}/${id}`;

function draw(row) {
  const { element, name, length, offset, state, sentence } = row;
  const part = length ? offset / length : 1;
  const progress = element.querySelector("progress");
  progress.hidden = state === "done" || state === "refused";
  progress.value = part;
  progress.setAttribute("aria-label", name);
  setText(element.querySelector(".upload-name"), name);
  const values = { percent: Math.floor(part * 100), done: size(offset), whole: size(length) };
  const words = {
    queued: word("upload.state.queued", values),
    sending: word("upload.state.sending", values),
    paused: word("upload.state.paused", values),
    waiting: sentence || word("upload.state.waiting", values),
    left: word("upload.state.left", values),
    refused: sentence || word("upload.state.refused", values),
    done: [word("upload.state.done", values), row.making].filter(Boolean).join(" · "),
  };
  setText(element.querySelector(".upload-state"), words[state]);
  const shown = {
    pause: ["sending", "waiting", "queued"].includes(state),
    resume: state === "paused",
    again: state === "left",
    cancel: ["sending", "waiting", "queued", "paused", "refused"].includes(state),
    delete: ["left", "done"].includes(state),
  };
  for (const [action, is] of Object.entries(shown)) {
    element.querySelector(`[data-do="${action}"]`).hidden = !is;
  }
  const [see, file] = ["[data-see]", "[data-file]"].map((link) => element.querySelector(link));
  file.hidden = state !== "done" || !row.address;
  file.href = `${row.address}/file`;
  see.hidden = !row.title;
  see.href = `${root}library/${row.title}`;
}

function addRow(about) {
  const element = byId("row").content.firstElementChild.cloneNode(true);
  const row = { sentence: "", ...about, element };
  element.addEventListener("click", (event) => act(row, event.target.closest("[data-do]")?.dataset.do));
  rows.unshift(row);
  list.prepend(element);
  draw(row);
  return row;
}

function dropRow(row) {
  rows.splice(rows.indexOf(row), 1);
  row.element.remove();
}

async function act(row, action) {
  switch (action) {
    case "pause":
      row.sender?.pause();
      row.state = "paused";
      break;
    case "resume":
      row.state = "queued";
      break;
    case "again":
      byId("files").click();
      return;
    case "cancel":
      dropRow(row);
      await row.sender?.cancel();
      break;
    case "delete":
      dropRow(row);
      // What could not be deleted is listed again when the page is opened.
      await remove(row.address).catch(() => null);
      break;
    default:
      return;
  }
  draw(row);
  next();
}

/** Starts what waits, as far as there is room for it. */
function next() {
  const busy = rows.filter(({ state }) => state === "sending" || state === "waiting").length;
  const queued = rows.filter(({ state }) => state === "queued").reverse();
  for (const row of queued.slice(0, Math.max(0, AT_ONCE - busy))) {
    row.sender.start();
  }
}

/** What becomes of a file that is there. */
async function followTitle(row) {
  if (row.follows) {
    return;
  }
  row.follows = true;
  row.title ??= (await lookAt(row.address).catch(() => null))?.title_id;
  while (row.title && row.element.isConnected) {
    const title = await lookAt(`${root}api/v1/titles/${row.title}`).catch(() => null);
    const job = title?.job;
    row.making = job ? makingOf(job) : "";
    draw(row);
    if (!job || ["done", "failed", "cancelled"].includes(job.state)) {
      // After the first rendition others are ordered in the same moment.
      if (job?.state !== "done" || title.whole) {
        break;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** A step as `/jobs` calls it: `encode 360p` is a kind and what it is of. */
function stepOf(step) {
  const [kind, what] = step.split(" ");
  switch (kind) {
    case "encode":
      return word("jobs.step.encode", { what });
    case "package":
      return word("jobs.step.package");
    case "probe":
      return word("jobs.step.probe");
    default:
      return word("jobs.step.none");
  }
}

function makingOf({ state, step, progress, words }) {
  const percent = Math.floor(progress * 100);
  switch (state) {
    case "failed":
      return words;
    case "running":
      return word("jobs.running", { step: stepOf(step), percent });
    case "done":
      return word("upload.made");
    default:
      return word("jobs.waiting");
  }
}

function onChange(row, { state, offset, sentence, address }) {
  const ended = state !== row.state && ["done", "refused"].includes(state);
  Object.assign(row, { state, offset, sentence, address });
  draw(row);
  if (state === "done") {
    followTitle(row);
  }
  if (ended) {
    say(`${row.name}: ${row.element.querySelector(".upload-state").textContent}`);
    next();
  }
}

function add(file) {
  const known = rows.find((row) => row.fingerprint === fingerprint(file) && row.state !== "refused");
  // It is on its way already, or there.
  if (known && known.state !== "left") {
    return;
  }
  const about = { name: file.name, length: file.size, offset: 0, state: "queued" };
  const row = known ?? addRow({ ...about, fingerprint: fingerprint(file) });
  row.sender = createUpload(file, {
    uploads,
    address: row.address,
    offset: row.offset,
    wishes: { publish: byId("publish").value, encrypt: byId("encrypt").value },
    onChange: (upload) => onChange(row, upload),
  });
  row.state = "queued";
  draw(row);
}

function addAll(files) {
  [...files].forEach(add);
  next();
}

function showKept(kept) {
  for (const upload of kept.reverse()) {
    const row = addRow({
      name: upload.file_name || upload.title || upload.id,
      length: upload.length ?? upload.offset,
      offset: upload.offset,
      address: addressOf(upload.id),
      state: upload.state === "received" ? "done" : "left",
      fingerprint: metadataOf(upload.metadata, "fingerprint"),
      title: upload.title_id,
    });
    if (row.title) {
      followTitle(row);
    }
  }
}

function listen() {
  const drop = byId("drop");
  const files = byId("files");
  // They are sent as they are chosen.
  byId("send").hidden = true;
  files.addEventListener("change", () => {
    addAll(files.files);
    files.value = "";
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  addEventListener("dragleave", (event) => drop.classList.toggle("over", event.relatedTarget !== null));
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    addAll(event.dataTransfer.files);
  });
  addEventListener("beforeunload", (event) => {
    if (rows.some(({ state }) => ["sending", "queued"].includes(state))) {
      event.preventDefault();
    }
  });
}

createTheme({ buttons: [], onChange() {} });
if (list) {
  listen();
  listOf(uploads).then(showKept, () => {
    byId("trouble").hidden = false;
    setText(byId("trouble"), word("upload.trouble"));
  });
}
