// Keeps one <video> where the room is: a little too early or too late it plays a little slower or
// faster, else it is set. Takes the place that the stream has in other rooms. Knows no buttons, and not how
// a film comes into the video.

import { createFile } from "./file.js";
import { createTitle } from "./title.js";

// Nobody hears or sees it.
const IN_STEP_S = 0.02;
// Beyond that it is set.
const MOST_S = 0.2;
const MOST_RATE = 0.05;
// So long a place that was set is waited for, until it is set anew.
const PATIENCE_MS = 4000;
const SETTLE_MS = 400;
const LOOK_MS = 200;
const RETRY_MS = 2000;

/**
 * `now()` is the server's clock in milliseconds, `still` a canvas over the video. `onChange()` says that
 * something is to be drawn anew: `silent`, `waiting`, `failed` ("" or "sort", "server", "words": then there
 * are `words`), `hasPicture`, `position`.
 */
export function createPlayer({ video, still, now, onChange }) {
  let film = null;
  // How it comes into the video.
  let reel = null;
  let turns = 0;
  let plays = null;
  let muted = false;
  // The browser lets it play without sound alone, until somebody taps.
  let silent = false;
  let failed = "";
  let words = null;
  let starting = false;
  let setAt = -Infinity;
  let wasSeeking = false;
  // How much later than it was set it came to play, of late.
  let lead = 0;
  let retry = 0;
  let tries = 0;

  const expected = () => (plays.began_ms == null ? plays.position_s : (now() - plays.began_ms) / 1000);

  function load() {
    clearTimeout(retry);
    [failed, words] = ["", null];
    setAt = -Infinity;
    reel.open();
  }

  /** Puts another film into the video, or none. */
  async function change(next) {
    turns += 1;
    const [turn, before] = [turns, reel];
    [film, reel, failed, words, tries] = [next, null, "", null, 0];
    clearTimeout(retry);
    await before?.close();
    if (turn !== turns || !film) {
      return;
    }
    const of = { video, still, film, at: expected, onChange, onFailure: (...why) => turn === turns && fail(...why) };
    reel = film.title ? createTitle(of) : createFile(of);
    load();
  }

  async function start() {
    if (starting) {
      return;
    }
    starting = true;
    try {
      await video.play();
    } catch (refused) {
      if (refused.name === "NotAllowedError" && !video.muted) {
        silent = true;
        video.muted = true;
        onChange();
        // Without sound they all let it.
        await video.play().catch(() => {});
      }
    } finally {
      starting = false;
    }
  }

  function place(at) {
    video.currentTime = Math.max(0, at);
    video.playbackRate = 1;
    setAt = performance.now();
    wasSeeking = true;
  }

  /** What a place costs until it plays is learned when it does. */
  function learn(drift) {
    if (wasSeeking) {
      wasSeeking = false;
      lead = Math.min(1.5, Math.max(0, lead - drift * 0.7));
    }
  }

  /** Sets it right; `closely` at once, however little it is off. */
  function step(closely = false) {
    if (!plays || failed || video.readyState < HTMLMediaElement.HAVE_METADATA) {
      return;
    }
    const ends = Number.isFinite(video.duration) ? video.duration : Infinity;
    if (plays.began_ms == null) {
      const at = Math.min(expected(), ends);
      video.pause();
      if (Math.abs(video.currentTime - at) > 0.05 && !video.seeking) {
        place(at);
      }
      return;
    }
    const at = expected();
    if (at < 0 || at >= ends) {
      // What comes next the server says.
      return;
    }
    if (video.paused || video.ended) {
      place(at + lead);
      start();
      return;
    }
    const since = performance.now() - setAt;
    const isReady = !video.seeking && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (since < (isReady ? SETTLE_MS : PATIENCE_MS)) {
      return;
    }
    const drift = video.currentTime - at;
    if (isReady) {
      learn(drift);
    }
    if (Math.abs(drift) > (closely ? IN_STEP_S * 4 : MOST_S)) {
      place(at + lead);
    } else if (Math.abs(drift) > IN_STEP_S) {
      video.playbackRate = 1 - Math.min(MOST_RATE, Math.max(-MOST_RATE, drift));
    } else if (video.playbackRate !== 1) {
      video.playbackRate = 1;
    }
  }

  function fail(kind, why = null) {
    [failed, words] = [kind, why];
    clearTimeout(retry);
    if (kind === "server" || (kind === "sort" && tries < 1)) {
      tries += 1;
      retry = setTimeout(load, RETRY_MS);
    }
    onChange();
  }

  video.controls = false;
  for (const name of ["loadedmetadata", "canplay", "seeked", "playing"]) {
    video.addEventListener(name, () => {
      if (name === "playing") {
        tries = 0;
      }
      step();
      onChange();
    });
  }
  for (const name of ["waiting", "volumechange", "emptied", "ended"]) {
    video.addEventListener(name, onChange);
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      step(true);
    }
  });
  setInterval(step, LOOK_MS);

  return {
    /** Plays this film of the list, as the server says; nothing if there is none. */
    take(next, how) {
      plays = how;
      if (next?.url !== film?.url) {
        change(next);
      } else if (film && next.edition !== film.edition) {
        film = next;
        if (failed) {
          load();
        } else {
          reel?.renew();
        }
      }
      step(true);
      onChange();
    },
    step,
    setMuted(wanted) {
      muted = wanted;
      silent = false;
      video.muted = muted;
      // What somebody pressed lets it play, too.
      step();
    },
    setVolume(value) {
      video.volume = value;
      this.setMuted(value === 0);
    },
    get muted() {
      return video.muted;
    },
    get silent() {
      return silent;
    },
    get failed() {
      return failed;
    },
    get words() {
      return words;
    },
    /** What the film is called, if that is told to who may watch it alone. */
    get called() {
      return reel?.called ?? null;
    },
    /** How it is decrypted, in words, if it is. */
    get way() {
      return reel?.way ?? null;
    },
    get waiting() {
      return Boolean(film) && !failed && video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
    },
    get hasPicture() {
      return video.videoWidth > 0;
    },
    /** Whether it says that there are pictures in it, and the browser shows none. */
    get isBlind() {
      return video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth === 0 && !film?.title && Boolean(film?.media_type.startsWith("video/"));
    },
    /** Where the room is, in seconds. */
    get position() {
      return plays && film ? Math.min(Math.max(0, expected()), film.duration_s) : 0;
    },
  };
}
