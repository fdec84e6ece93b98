// How a title of the library comes into the <video>: by its manifest, for who may watch it. A room gives no
// right to a title: what it is called and where it is, the server tells to who may.

import { createHold } from "../../shared/hold.js";
import { openManifests } from "../../shared/manifest.js";
import { loadScript } from "../../shared/script.js";
import { troubleInClear, wayOf } from "../../shared/way.js";
import { word } from "../../shared/words.js";
import { mayPass, troubleOf } from "../../title/trouble.js";

const NOT_FOR_ONE = [401, 403, 404];

/**
 * `at()` is where in it the room is. `onFailure(kind, words)` says that it does not come ("server"), or
 * cannot be played, and why ("words").
 */
export function createTitle({ video, still, film, at, onChange, onFailure }) {
  const here = new URL(film.url, location.href);
  // Its addresses are from the server's root.
  const root = new URL("../../../", here);
  const picture = createHold({ video, still });
  let told = null;
  let way = null;
  let shown = "";
  let manifests = null;
  let isOver = false;
  // One look after the other.
  let looking = Promise.resolve();

  const fail = (kind, words) => isOver || onFailure(kind, words);

  /** What the server tells of it; null if that is nothing. */
  async function ask() {
    const answer = await fetch(here, { cache: "no-store", headers: { Accept: "application/json" } });
    if (answer.ok) {
      return answer.json();
    }
    if (!NOT_FOR_ONE.includes(answer.status)) {
      throw new Error(answer.statusText);
    }
    return null;
  }

  function onError(error) {
    shown = "";
    if (mayPass(error)) {
      fail("server");
    } else {
      fail("words", troubleOf(error, Boolean(told?.encrypted)));
    }
  }

  async function load() {
    await loadScript(new URL(video.dataset.shaka, location.href).href);
    if (!manifests) {
      const license = new URL("license", root).href;
      manifests = await openManifests({ video, license, onFailure: onError });
    }
    if (isOver) {
      await manifests.player.destroy();
      return;
    }
    const source = new URL(way.source, root).href;
    const version = `${source} ${told.generation}`;
    if (version === shown) {
      return;
    }
    shown = version;
    picture.hold();
    await manifests.load(source, Math.min(Math.max(0, at()), film.duration_s));
    picture.letGo();
  }

  async function stop(words) {
    shown = "";
    await manifests?.player.unload();
    fail("words", words);
  }

  async function look() {
    try {
      told = await ask();
      way = told?.playable ? wayOf(told) : null;
      if (isOver) {
        return;
      }
      if (!told) {
        await stop({ title: word("watch.film.not-for-you"), detail: word("watch.film.not-for-you-about") });
      } else if (way) {
        await load();
      } else if (told.encrypted) {
        await stop(troubleInClear());
      } else {
        fail("server");
      }
    } catch {
      fail("server");
    }
    onChange();
  }

  function open() {
    looking = looking.then(look);
  }

  return {
    open,
    async close() {
      isOver = true;
      await manifests?.player.destroy();
      await looking;
    },
    /** Something of it changed: what it is called, who may watch it, or there is more of it. */
    renew: open,
    get called() {
      return told?.title ?? null;
    },
    /** How it is decrypted, in words, if it is. */
    get way() {
      return way?.words ?? null;
    },
  };
}
