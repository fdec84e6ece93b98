// Hears of a title on the page's socket: which renditions there are by now, and how many watch. Where no
// socket is let through nothing is heard, and the page asks instead (presence.js).

const AGAIN_MS = 5000;

/** `onTold(message)` whenever something is new; `onLink(isOpen)` whether it is heard of by this way. */
export function createFollow({ id, onTold, onLink }) {
  let socket = null;
  let again = 0;
  let left = false;

  function open() {
    left = false;
    clearTimeout(again);
    const address = new URL("../socket", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    socket = new WebSocket(address);
    socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "follow", id: 1, title: id })));
    socket.addEventListener("message", ({ data }) => {
      const message = typeof data === "string" ? JSON.parse(data) : {};
      if (message.type === "title" && message.title === id) {
        onLink(true);
        onTold(message);
      }
    });
    socket.addEventListener("close", () => {
      onLink(false);
      if (!left) {
        again = setTimeout(open, AGAIN_MS);
      }
    });
  }

  open();
  addEventListener("pagehide", () => {
    left = true;
    clearTimeout(again);
    socket.close();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && open());
}
