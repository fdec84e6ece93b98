// The picture: opens, drops and reopens the stream of one <img>, and keeps the last picture on
// a canvas in between so that nothing blinks. Does not choose quality: settings never touch src.
//
// What an <img> of a stream shows now is asked for by createImageBitmap: drawImage gives a picture
// from seconds ago in Firefox.

const RETRY_S = [1, 2, 4, 8];
// A stream this young may not have reached the server's count yet.
const SETTLE_MS = 1500;
const GLIMPSE = 16;
const GLIMPSE_MS = 400;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A name for one opening of the stream. crypto.randomUUID is missing on plain http. */
function newTab() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/**
 * `getStill()` fetches one picture for a viewer who is paused and has none yet; `onOpening()`,
 * `onPicture()`, `onFailure(retryAt)` say how the opening went; `onRenamed()` that the tab has
 * another name. The first stream stands in the page, opened before any script.
 */
export function createStream({ picture, still, getStill, onOpening, onPicture, onFailure, onRenamed }) {
  let { tab } = picture.dataset;
  // Which layout is right for this browser, the server said.
  const address = picture.getAttribute("src").slice(0, -tab.length);
  let wanted = true;
  let arrived = false;
  let openedAt = performance.now();
  let misses = 0;
  let failures = 0;
  let retry = 0;
  let keeping = 0;
  const small = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** Looks at the picture in little. Two glimpses that differ: it lives, whatever the server says. */
  async function look() {
    if (!arrived) {
      return null;
    }
    try {
      const image = await createImageBitmap(picture, { resizeWidth: GLIMPSE, resizeHeight: GLIMPSE });
      small.drawImage(image, 0, 0);
      image.close();
      return small.getImageData(0, 0, GLIMPSE, GLIMPSE).data.join();
    } catch {
      return null;
    }
  }

  /** Keeps what the <img> shows at this moment. */
  async function keepStill() {
    if (!arrived || !picture.naturalWidth) {
      return;
    }
    const kept = ++keeping;
    try {
      const image = await createImageBitmap(picture);
      if (kept === keeping) {
        drawStill(image);
      }
      image.close();
    } catch {
      // A picture that broke half-way cannot be drawn; black it is, then.
    }
  }

  function drawStill(image) {
    still.width = image.width;
    still.height = image.height;
    still.getContext("2d").drawImage(image, 0, 0);
    still.hidden = false;
  }

  function hideStill() {
    keeping += 1;
    still.hidden = true;
  }

  /** Keeps the last picture; who opened the page paused was sent none, and fetches one. */
  async function freeze() {
    await keepStill();
    if (!still.hidden) {
      return;
    }
    try {
      const image = await createImageBitmap(await getStill());
      if (!arrived) {
        drawStill(image);
      }
    } catch {
      // The source gives none: the words on the picture say why.
    }
  }

  async function open() {
    clearTimeout(retry);
    wanted = true;
    const opening = newTab();
    tab = opening;
    if (arrived) {
      await keepStill();
      if (!wanted || tab !== opening) {
        return;
      }
    }
    arrived = false;
    misses = 0;
    openedAt = performance.now();
    onOpening(!still.hidden);
    onRenamed();
    picture.src = address + tab;
  }

  async function close() {
    clearTimeout(retry);
    wanted = false;
    await keepStill();
    if (!wanted) {
      drop();
    }
  }

  /** Ends the stream at once: in a page that is left nothing that would be waited for is done. */
  function leave() {
    clearTimeout(retry);
    wanted = false;
    drop();
  }

  function drop() {
    arrived = false;
    // Only an empty src closes the connection; a removed element goes on receiving.
    picture.src = "";
    picture.classList.add("waiting");
  }

  function fail() {
    const wait = RETRY_S[Math.min(failures, RETRY_S.length - 1)] * 1000;
    failures += 1;
    close();
    retry = setTimeout(open, wait);
    onFailure(performance.now() + wait);
  }

  function arrive() {
    if (wanted) {
      arrived = true;
      picture.classList.remove("waiting");
      hideStill();
      onPicture();
    }
  }

  picture.addEventListener("load", arrive);
  picture.addEventListener("error", () => {
    if (wanted) {
      fail();
    }
  });

  return {
    get tab() {
      return tab;
    },
    /** What happened before there was a script. */
    catchUp() {
      if (picture.naturalWidth) {
        arrive();
      } else if (picture.complete && wanted) {
        fail();
      } else {
        onOpening(false);
      }
    },
    open,
    close,
    leave,
    freeze,
    /** Whether the picture moves: two glimpses, a few pictures apart, differ. */
    async hasMoved() {
      const glimpse = await look();
      await new Promise((done) => setTimeout(done, GLIMPSE_MS));
      return glimpse !== null && (await look()) !== glimpse;
    },
    thaw() {
      if (arrived) {
        hideStill();
      }
    },
    /** Compares with what the server says: told twice that this tab's stream is not there, it is dead. */
    check(tabOpen, at, wasOffline) {
      if (!wanted || at - openedAt < SETTLE_MS) {
        return;
      }
      if (tabOpen) {
        misses = 0;
        failures = 0;
        return;
      }
      misses += 1;
      if (misses >= 2 || wasOffline) {
        open();
      }
    },
  };
}
