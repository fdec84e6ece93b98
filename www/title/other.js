// Plays a title that is not encrypted by dash.js or hls.js, as its address ends, with the browser's own
// buttons: for who knows one of them, or wants to see what it makes of a title. Does for the page what
// `player.js` does.

import { byId } from "../shared/dom.js";
import { createHold } from "../shared/hold.js";
import { loadScript } from "../shared/script.js";

/* global dashjs, Hls */

/**
 * `script` is where the player is, `source` the manifest's address.
 * `onFailure(error)` is told of what ends it: the `status` of what was asked for, or whether it `isUnreached` or
 * `isUndecoded`, and the player's own `code`.
 */
export function createOther({ script, source, poster, onFailure }) {
  const video = byId("video");
  const still = createHold({ video, still: byId("still") });
  let engine;

  async function open(at) {
    try {
      await loadScript(script);
    } catch {
      onFailure({ code: script, isUnreached: true });
      return;
    }
    video.controls = true;
    if (poster) {
      video.poster = poster;
    }
    engine = (isList(source) ? byHls : byDash)({ video, source, onFailure });
    engine.load(at);
  }

  return {
    video,
    open,
    /** Loads the manifest anew, which has more renditions by now. */
    async renew() {
      if (!engine) {
        return;
      }
      const { currentTime, paused, playbackRate } = video;
      still.hold();
      const isThere = new Promise((done) => {
        video.addEventListener("loadeddata", done, { once: true });
      });
      engine.load(currentTime);
      await isThere;
      video.playbackRate = playbackRate;
      if (!paused) {
        await video.play().catch(() => {});
      }
      still.letGo();
    },
    toggleCaptions() {
      const tracks = [...video.textTracks].filter(({ kind }) => kind === "subtitles" || kind === "captions");
      const isShown = tracks.some(({ mode }) => mode === "showing");
      tracks.forEach((track, place) => {
        track.mode = place === 0 && !isShown ? "showing" : "hidden";
      });
    },
    isSecret: false,
  };
}

/** Whether an address is one of HLS, by its ending. */
const isList = (source) => new URL(source).pathname.endsWith(".m3u8");

function byDash({ video, source, onFailure }) {
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({
    debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE },
    streaming: {
      // Else it would ask another host for the time.
      utcSynchronization: { enabled: false },
      text: { defaultEnabled: false },
    },
  });
  player.on(dashjs.MediaPlayer.events.ERROR, ({ error }) => {
    const status = error.data?.response?.status ?? error.data?.status ?? 0;
    onFailure({
      code: error.code,
      status,
      isUnreached: !status && Boolean(error.data?.request),
      isUndecoded: error.code === dashjs.MediaPlayer.errors.MEDIA_ERR_DECODE || Boolean(error.data?.target),
    });
  });
  player.initialize(video, null, false);
  return {
    load: (at) => player.attachSource(source, at ?? undefined),
  };
}

function byHls({ video, source, onFailure }) {
  // It would make its worker of a text, which the page's policy forbids.
  const player = new Hls({ enableWorker: false });
  player.on(Hls.Events.ERROR, (_, { fatal, type, details, response }) => {
    if (fatal) {
      const status = response?.code ?? 0;
      const isUnreached = !status && type === Hls.ErrorTypes.NETWORK_ERROR;
      onFailure({ code: details, status, isUnreached, isUndecoded: type === Hls.ErrorTypes.MEDIA_ERROR });
    }
  });
  player.attachMedia(video);
  return {
    load(at) {
      player.config.startPosition = at ?? -1;
      player.loadSource(source);
    },
  };
}
