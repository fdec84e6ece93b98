// Plays manifests in a <video> by shaka-player, with keys from this server where they are encrypted. Knows
// nothing of the page around it.

/* global shaka */

const CLEAR_KEY = "org.w3.clearkey";

/**
 * `place` is what the video lies in, if that shows more than the video; `license` is where keys are asked for.
 * `onFailure(error)` is told of what ends it.
 */
export async function openManifests({ video, place, license, onFailure }) {
  shaka.polyfill.installAll();
  const player = new shaka.Player(null, place);
  await player.attach(video);
  player.configure({ drm: { servers: { [CLEAR_KEY]: license } } });
  player.getNetworkingEngine().registerRequestFilter((type, request) => {
    if (type === shaka.net.NetworkingEngine.RequestType.LICENSE) {
      request.headers["Content-Type"] = "application/json";
    }
  });
  player.addEventListener("error", ({ detail }) => fail(detail));

  function fail(error) {
    // Another load took its place.
    const isOver = error.code === shaka.util.Error.Code.LOAD_INTERRUPTED;
    if (!isOver && error.severity !== shaka.util.Error.Severity.RECOVERABLE) {
      onFailure(error);
    }
  }

  return {
    player,
    /** Plays one from this place; whether it can. */
    async load(source, at) {
      try {
        await player.load(source, at);
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    },
  };
}
