// Brings one file to the server by tus 1.0, a piece after the other, and goes on where it broke off.
// Knows no page: what changed is told to who asked for it.

const VERSION = { "Tus-Resumable": "1.0.0" };
const MEDIA_TYPE = "application/offset+octet-stream";
// Some proxies take no more at once; what came of a piece that broke off stays with the server.
const PIECE_BYTES = 16 * 1024 * 1024;
const LONGEST_WAIT_MS = 30_000;

/** What a file is known by again: its name, length and date. */
export const fingerprint = (file) => `${file.name}\n${file.size}\n${file.lastModified}`;

/** Text as `Upload-Metadata` has it. */
function base64(text) {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The text of this name in what the server keeps of an upload; empty if it is not there. */
export function metadataOf(text, name) {
  const pair = text.split(",").find((each) => each.startsWith(`${name} `));
  if (!pair) {
    return "";
  }
  const bytes = Uint8Array.from(atob(pair.slice(name.length + 1)), (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/** A request, as an answer; rejects if there was none. `onSent` is told how much of the body went. */
function ask(method, address, { headers = {}, body = null, onSent, onOpen } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    for (const [name, value] of Object.entries({ Accept: "application/json", ...VERSION, ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = onSent ? ({ loaded }) => onSent(loaded) : null;
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("offline"));
    request.onabort = () => reject(new Error("stopped"));
    onOpen?.(request);
    request.send(body);
  });
}

function sentenceOf(request) {
  try {
    return JSON.parse(request.responseText).detail ?? "";
  } catch {
    return "";
  }
}

const isGood = ({ status }) => status >= 200 && status < 300;
// What else is wrong stays wrong (tus 1.0; RFC 9110 §15.5.9, RFC 6585 §4).
const isWorthTrying = (status) => status >= 500 || [408, 409, 423, 425, 429, 460].includes(status);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A file on its way to `uploads`, or on to `address`. `wishes` is what is to be made of it. `onChange` is told each time that something
 * changed of `state` ("sending", "paused", "waiting", "refused", "done"), `offset` and `sentence`.
 */
export function createUpload(file, { uploads, address, offset = 0, wishes = {}, onChange }) {
  const upload = { file, address, offset, state: "paused", sentence: "" };
  let request;
  let run = 0;

  function change(changes) {
    Object.assign(upload, changes);
    onChange(upload);
  }

  async function create() {
    const metadata = { filename: file.name, filetype: file.type, fingerprint: fingerprint(file), ...wishes };
    const pairs = Object.entries(metadata).filter(([, value]) => value);
    const answer = await ask("POST", uploads, {
      headers: {
        "Upload-Length": String(file.size),
        "Upload-Metadata": pairs.map(([name, value]) => `${name} ${base64(value)}`).join(","),
      },
    });
    if (isGood(answer)) {
      upload.address = new URL(answer.getResponseHeader("Location"), new URL(uploads, location.href)).href;
      change({ offset: Number(answer.getResponseHeader("Upload-Offset") ?? 0) });
    }
    return answer;
  }

  async function look() {
    const answer = await ask("HEAD", upload.address);
    if (isGood(answer)) {
      change({ offset: Number(answer.getResponseHeader("Upload-Offset")) });
    }
    return answer;
  }

  async function send() {
    const from = upload.offset;
    const answer = await ask("PATCH", upload.address, {
      headers: { "Content-Type": MEDIA_TYPE, "Upload-Offset": String(from) },
      body: file.slice(from, from + PIECE_BYTES),
      onSent: (sent) => change({ offset: from + sent }),
      onOpen(opened) {
        request = opened;
      },
    });
    if (isGood(answer)) {
      change({ offset: Number(answer.getResponseHeader("Upload-Offset")) });
    }
    return answer;
  }

  async function go() {
    const own = ++run;
    let failures = 0;
    let knows = !upload.address;
    while (own === run) {
      let answer;
      try {
        answer = await (upload.address ? (knows ? send() : look()) : create());
      } catch {
        answer = null;
      }
      if (own !== run) {
        return;
      }
      if (answer && isGood(answer)) {
        failures = 0;
        knows = true;
        change({ state: "sending", sentence: "" });
        if (upload.offset === file.size) {
          change({ state: "done" });
          return;
        }
      } else if (answer && !isWorthTrying(answer.status)) {
        change({ state: "refused", sentence: sentenceOf(answer) });
        return;
      } else {
        // How much came of it is asked first.
        knows = false;
        failures += 1;
        change({ state: "waiting", sentence: answer ? sentenceOf(answer) : "" });
        await wait(Math.min(1000 * 2 ** (failures - 1), LONGEST_WAIT_MS));
      }
    }
  }

  function stop() {
    run += 1;
    request?.abort();
    request = null;
  }

  return {
    upload,
    start() {
      if (["paused", "waiting"].includes(upload.state)) {
        change({ state: "sending", sentence: "" });
        go();
      }
    },
    pause() {
      stop();
      change({ state: "paused" });
    },
    cancel() {
      stop();
      return upload.address ? ask("DELETE", upload.address).catch(() => null) : Promise.resolve(null);
    },
  };
}

/** Deletes one that is at this address. */
export const remove = (address) => ask("DELETE", address);

/** What the server has of the one at this address. */
export async function lookAt(address) {
  const answer = await ask("GET", address);
  return isGood(answer) ? JSON.parse(answer.responseText) : null;
}

/** What the server has of one's own, unfinished and finished. */
export async function listOf(uploads) {
  const answer = await ask("GET", uploads);
  return isGood(answer) ? JSON.parse(answer.responseText).uploads.filter(({ own }) => own) : [];
}
