// The picture: opens, drops and reopens the stream of one <img>, and keeps the last picture on
// a canvas in between so that nothing blinks. Does not choose quality: settings never touch src.

const RETRY_S = [1, 2, 4, 8];
// A stream this young may not have reached the server's count yet.
const SETTLE_MS = 1500;
const GLIMPSE = 16;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A name for one opening of the stream. crypto.randomUUID is missing on plain http. */
function newTab() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/**
 * `getStill()` fetches one picture for a viewer who is paused and has none yet; `onOpening()`,
 * `onPicture()` and `onFailure(retryAt)` say how the opening went.
 */
export function createStream({ picture, still, getStill, onOpening, onPicture, onFailure }) {
  let tab = newTab();
  let wanted = false;
  let arrived = false;
  let openedAt = 0;
  let misses = 0;
  let failures = 0;
  let retry = 0;
  let glimpse = null;
  const small = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** Looks at the picture in little. Two glimpses that differ: it lives, whatever /state says. */
  function look() {
    if (!arrived) {
      return null;
    }
    try {
      small.drawImage(picture, 0, 0, GLIMPSE, GLIMPSE);
      return small.getImageData(0, 0, GLIMPSE, GLIMPSE).data.join();
    } catch {
      return null;
    }
  }

  function keepStill() {
    if (!arrived || !picture.naturalWidth) {
      return;
    }
    try {
      drawStill(picture, picture.naturalWidth, picture.naturalHeight);
    } catch {
      // A picture that broke half-way cannot be drawn; black it is, then.
    }
  }

  function drawStill(image, width, height) {
    still.width = width;
    still.height = height;
    still.getContext("2d").drawImage(image, 0, 0);
    still.hidden = false;
  }

  /** Keeps the last picture; who opened the page paused was sent none, and fetches one. */
  async function freeze() {
    keepStill();
    if (!still.hidden) {
      return;
    }
    try {
      const image = await createImageBitmap(await getStill());
      if (!arrived) {
        drawStill(image, image.width, image.height);
      }
    } catch {
      // The source gives none: the words on the picture say why.
    }
  }

  function open() {
    clearTimeout(retry);
    if (arrived) {
      keepStill();
    }
    tab = newTab();
    wanted = true;
    arrived = false;
    misses = 0;
    openedAt = performance.now();
    onOpening(!still.hidden);
    picture.src = `/stream?advance_headers=1&tab=${tab}`;
  }

  function close() {
    clearTimeout(retry);
    keepStill();
    wanted = false;
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

  picture.addEventListener("load", () => {
    if (wanted) {
      arrived = true;
      picture.classList.remove("waiting");
      still.hidden = true;
      onPicture();
    }
  });

  picture.addEventListener("error", () => {
    if (wanted) {
      fail();
    }
  });

  return {
    get tab() {
      return tab;
    },
    open,
    close,
    freeze,
    glance() {
      glimpse = look();
    },
    hasMoved: () => glimpse !== null && look() !== glimpse,
    thaw() {
      if (arrived) {
        still.hidden = true;
      }
    },
    /** Compares with what the server says: two polls without this tab's stream, and it is dead. */
    check(tabOpen, sentAt, wasOffline) {
      if (!wanted || sentAt - openedAt < SETTLE_MS) {
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
