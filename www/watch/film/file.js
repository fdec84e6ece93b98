// How a file comes into the <video>: by its address.

/** `onFailure(kind)` says that it does not come ("server"), or cannot be played ("sort"). */
export function createFile({ video, film, onFailure }) {
  async function fail() {
    // A browser tells what it cannot play and what it was not given by the same sign.
    const given = await fetch(film.url, { method: "HEAD" }).then((answer) => answer.ok, () => false);
    const isCut = video.error?.code === MediaError.MEDIA_ERR_NETWORK;
    onFailure(given && !isCut ? "sort" : "server");
  }

  video.addEventListener("error", fail);

  return {
    open() {
      if (!video.error && video.getAttribute("src") === film.url) {
        // It stands in the page.
        return;
      }
      video.src = film.url;
      video.load();
    },
    close() {
      video.removeEventListener("error", fail);
      video.removeAttribute("src");
      video.load();
    },
    /** A file that was changed is another film. */
    renew() {},
    called: null,
    way: null,
  };
}
