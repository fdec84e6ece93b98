// Holds the last picture of a video over it, until the next one is there.

const AT_MOST_MS = 500;

/** `still` is a canvas that lies over the video. */
export function createHold({ video, still }) {
  return {
    hold() {
      if (!video.videoWidth) {
        return;
      }
      still.width = video.videoWidth;
      still.height = video.videoHeight;
      still.getContext("2d").drawImage(video, 0, 0);
      still.hidden = false;
    },
    letGo() {
      if ("requestVideoFrameCallback" in video) {
        video.requestVideoFrameCallback(() => {
          still.hidden = true;
        });
      }
      // A film that stands still may have painted its picture already.
      setTimeout(() => {
        still.hidden = true;
      }, AT_MOST_MS);
    },
  };
}
