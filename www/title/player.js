// Plays a title by shaka-player: from the place where somebody is, with its quality, subtitles and
// languages to choose. When more renditions came it goes on at the same place with the same choice. Knows
// nothing of the page around it.

import { byId } from "../shared/dom.js";
import { createHold } from "../shared/hold.js";
import { openManifests } from "../shared/manifest.js";

/* global shaka */

const BUTTONS = ["play_pause", "mute_volume", "time_and_duration", "spacer", "overflow_menu", "fullscreen"];
const MENU = ["quality", "captions", "language", "playback_rate", "picture_in_picture", "loop"];
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

/**
 * `source` is the manifest's address, `license` where keys are asked for, `strip` the pictures that are
 * shown while one seeks. `onFailure(error)` is told of what ends it.
 */
export function createPlayer({ source, license, strip, poster, onFailure }) {
  const video = byId("video");
  const place = byId("player-place");
  const still = createHold({ video, still: byId("still") });
  let manifests;
  let player;
  let renewing = false;

  async function open(at) {
    manifests = await openManifests({ video, place, license: new URL(license, location.href).href, onFailure });
    player = manifests.player;
    const overlay = new shaka.ui.Overlay(player, place, video);
    overlay.configure({
      controlPanelElements: BUTTONS,
      // What it is called stands below.
      topControlPanelElements: [],
      overflowMenuButtons: MENU,
      playbackRates: RATES,
      customContextMenu: false,
      // The page has keys of its own, and asks no other host.
      enableKeyboardPlaybackControls: false,
      castReceiverAppId: "",
      documentPictureInPicture: { enabled: false },
    });
    if (poster) {
      video.poster = poster;
    }
    await load(at);
  }

  async function load(at) {
    if (await manifests.load(source, at)) {
      await addStrip();
    }
  }

  /** Without these pictures one seeks as well. */
  async function addStrip() {
    if (strip) {
      await player.addThumbnailsTrack(new URL(strip, location.href).href, "text/vtt").catch(() => {});
    }
  }

  /** What was chosen, to be chosen again. */
  function choice() {
    const variant = player.getVariantTracks().find(({ active }) => active);
    const text = player.getTextTracks().find(({ active }) => active);
    return { fixed: !player.getConfiguration().abr.enabled, variant, text };
  }

  function choose({ fixed, variant, text }) {
    const audio = player.getAudioTracks().find(
      ({ language, label }) => variant && language === variant.language && label === variant.label,
    );
    if (audio && !audio.active) {
      player.selectAudioTrack(audio);
    }
    const track = player.getVariantTracks().find(
      ({ height, language }) => height === variant?.height && language === variant?.language,
    );
    if (fixed && track) {
      player.configure({ abr: { enabled: false } });
      player.selectVariantTrack(track, true);
    }
    const words = text && player.getTextTracks().find(
      ({ language, label, kind }) => language === text.language && label === text.label && kind === text.kind,
    );
    if (words) {
      player.selectTextTrack(words);
    }
  }

  return {
    video,
    open,
    /** Loads the manifest anew, which has more renditions by now. */
    async renew() {
      if (!player || renewing) {
        return;
      }
      renewing = true;
      const { currentTime, paused, playbackRate } = video;
      const chosen = choice();
      still.hold();
      await load(currentTime);
      choose(chosen);
      video.playbackRate = playbackRate;
      if (!paused) {
        await video.play().catch(() => {});
      }
      still.letGo();
      renewing = false;
    },
    toggleCaptions() {
      const [first] = player.getTextTracks();
      const shown = player.getTextTracks().some(({ active }) => active);
      player.selectTextTrack(shown ? null : first ?? null);
    },
    /** Whether what it plays is encrypted, wherever that comes from. */
    get isSecret() {
      return Boolean(player?.drmInfo());
    },
    get renditions() {
      return player?.getVariantTracks().map(({ height }) => height) ?? [];
    },
  };
}
