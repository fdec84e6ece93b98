// A page that nobody sees holds no stream, and no socket but to listen for what was asked for.

/**
 * Lets both go when the page is hidden or left, and opens them again when it is seen. While it
 * `listens()`, the socket stays.
 */
export function followPresence(stream, socket, listens = () => false) {
  function wakeUp() {
    stream.open();
    socket.start();
  }

  function fallAsleep() {
    if (!listens()) {
      socket.stop();
    }
    stream.close();
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? fallAsleep() : wakeUp()));
  addEventListener("pagehide", () => {
    socket.stop();
    stream.leave();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && !document.hidden && wakeUp());
}
