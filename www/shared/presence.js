// A page that nobody sees holds no stream and no socket.

/** Lets both go when the page is hidden or left, and opens them again when it is seen. */
export function followPresence(stream, socket) {
  function wakeUp() {
    stream.open();
    socket.start();
  }

  function fallAsleep() {
    socket.stop();
    stream.close();
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? fallAsleep() : wakeUp()));
  addEventListener("pagehide", () => {
    socket.stop();
    stream.leave();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && !document.hidden && wakeUp());
}
