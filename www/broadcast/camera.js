// The camera or the screen that is shown: which there are, and what the browser says of them. Hands
// the pictures on, by whichever way this browser has.

/** `onPictures(message, transfer)` for the worker; `onEnd()` when the browser took the picture away. */
export function createCamera({ video, onPictures, onEnd }) {
  let stream = null;
  let turn = 0;

  function show(next) {
    stop();
    stream = next;
    turn += 1;
    video.srcObject = next;
    // It plays by itself: it is muted. A browser that refuses shows it at the first touch.
    video.play().catch(() => {});
    const [track] = next.getVideoTracks();
    track.addEventListener("ended", () => {
      if (stream === next) {
        stop();
        onEnd();
      }
    });
    if (window.MediaStreamTrackProcessor) {
      const { readable } = new MediaStreamTrackProcessor({ track: track.clone(), maxBufferSize: 1 });
      onPictures({ type: "track", readable }, [readable]);
    } else {
      copyEach(turn);
    }
  }

  /** Where pictures cannot be read from the track, each is copied as it is shown. */
  function copyEach(own) {
    const next = () => {
      if (turn !== own || !stream) {
        return;
      }
      if (video.videoWidth > 0) {
        createImageBitmap(video).then(
          (picture) => onPictures({ type: "picture", picture }, [picture]),
          // Between two cameras there is none.
          () => {},
        );
      }
      wait();
    };
    const wait = () => (video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : setTimeout(next, 33));
    wait();
  }

  function stop() {
    const old = stream;
    stream = null;
    turn += 1;
    video.srcObject = null;
    old?.getTracks().forEach((track) => track.stop());
  }

  return {
    isThere: () => Boolean(navigator.mediaDevices?.getUserMedia),
    hasScreen: () => Boolean(navigator.mediaDevices?.getDisplayMedia),
    shows: () => stream !== null,
    /** Asks for a camera of this id, or for any: fails with the browser's word. */
    async camera({ id, width, height, rate }) {
      const which = id ? { deviceId: { exact: id } } : {};
      const wish = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: rate } };
      show(await navigator.mediaDevices.getUserMedia({ video: { ...which, ...wish }, audio: false }));
      return stream.getVideoTracks()[0].getSettings().deviceId ?? "";
    },
    async screen({ rate }) {
      show(await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: rate } }, audio: false }));
    },
    async list() {
      const all = await navigator.mediaDevices.enumerateDevices();
      return all.filter(({ kind }) => kind === "videoinput");
    },
    stop,
  };
}
