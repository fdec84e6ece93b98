// The page's one connection to the server: state comes down when it changes, commands go up and
// are answered. Where a proxy lets no WebSocket through, the state is asked for again and again
// instead, and commands are posted. Does not know what a state means.

import { Failure } from "./api.js";
import { word } from "./words.js";

// Growing, and each a little other than said: a thousand pages come back after a restart.
const PAUSES_S = [0.5, 1, 2, 4, 8];
const JITTER = 0.3;
// The server says something each two seconds.
const SILENCE_MS = 4500;
// So long an opening means that there is no room for one more connection, or nobody at home.
const OPENING_MS = 4000;
// After so long a silence the connection itself is given up.
const GIVE_UP_MS = 20_000;
const ANSWER_MS = 5000;
const TRIP_EVERY_MS = 5000;
const WITHOUT_SOCKET_MS = 30_000;
const VERSION = 1;

/**
 * `address()` is the socket's, from the page; `hello` a command that is sent first; `ask()` gets
 * the state without a socket, and `pause()` says how many milliseconds to rest between.
 * `onState(state, at)` gets the whole state whenever some of it came, and when it was asked for or
 * sent; `onTrip(ms)` how long a question and its answer took; `onMessage(message)` and `onBytes(bytes)`
 * what else came; `onLink(isOpen)` that commands go by the socket, or no longer;
 * `onFailure(failure, retryAt)` that there is no connection, or that nothing comes.
 */
export function createSocket({
  address, hello, ask: askPlainly, pause, onState, onTrip, onMessage, onBytes, onLink, onFailure,
}) {
  let socket = null;
  let running = false;
  let state = null;
  let lastId = 0;
  let failures = 0;
  let retry = 0;
  let watch = 0;
  let trips = 0;
  // Until then the state is polled.
  let pollUntil = 0;
  const waiting = new Map();

  function take(sections) {
    failures = 0;
    state = { ...state, ...sections };
    onState(state, performance.now());
  }

  function open() {
    clearTimeout(retry);
    const url = new URL(address(), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const opening = new WebSocket(url);
    opening.binaryType = "arraybuffer";
    let opened = false;
    socket = opening;
    state = null;
    expect(OPENING_MS, opening);
    opening.addEventListener("message", ({ data }) => {
      if (socket !== opening) {
        return;
      }
      opened = true;
      expect(SILENCE_MS, opening);
      if (typeof data === "string") {
        hear(JSON.parse(data));
      } else {
        onBytes?.(data);
      }
    });
    opening.addEventListener("close", () => {
      if (socket === opening) {
        drop();
        lost(opened);
      }
    });
  }

  /** Something is to come within that time; if not, it is told, and waited for a while longer. */
  function expect(ms, on) {
    clearTimeout(watch);
    watch = setTimeout(() => {
      fail(new Failure("slow", word("shared.silent")), null);
      watch = setTimeout(() => {
        if (socket === on) {
          drop();
          lost(false);
        }
      }, GIVE_UP_MS - ms);
    }, ms);
  }

  function hear(message) {
    const { type, id, ...rest } = message;
    if (type === "hello") {
      if (rest.version !== VERSION) {
        // The server is another than this page was made for.
        location.reload();
      }
      measure();
      onLink?.(true);
      if (hello) {
        ask(hello, {}).catch(() => {});
      }
    } else if (type === "state") {
      take(rest);
    } else if (type === "answer" || type === "refused") {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (rest.state) {
        take(rest.state);
      }
      if (type === "answer") {
        const { state: sections, ...own } = rest;
        asked?.done({ ...sections, ...own });
      } else {
        const { error, status, field, wait_s: waitS } = rest;
        asked?.fail(new Failure("refused", sentence(error), status, { field, waitS }));
      }
    } else {
      onMessage?.(message);
    }
  }

  function measure() {
    clearTimeout(trips);
    const sentAt = performance.now();
    ask("ping", {}).then(
      () => onTrip(performance.now() - sentAt),
      () => {},
    );
    trips = setTimeout(measure, TRIP_EVERY_MS);
  }

  function ask(type, fields) {
    const id = ++lastId;
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        waiting.delete(id);
        fail(new Failure("slow", word("shared.late")));
      }, ANSWER_MS);
      const once = (act) => (value) => {
        clearTimeout(timer);
        act(value);
      };
      waiting.set(id, { done: once(done), fail: once(fail) });
      socket.send(JSON.stringify({ type, id, ...fields }));
    });
  }

  /** Lets go of the socket; nothing of it is heard any more. */
  function drop() {
    clearTimeout(watch);
    clearTimeout(trips);
    const old = socket;
    socket = null;
    if (old) {
      onLink?.(false);
    }
    if (old?.readyState === WebSocket.CONNECTING) {
      // Browsers complain of one that is closed before it is open.
      old.addEventListener("open", () => old.close());
    } else {
      old?.close();
    }
    for (const { fail } of waiting.values()) {
      fail(new Failure("offline", word("shared.offline")));
    }
    waiting.clear();
  }

  /** The connection ended. One that never opened may not be let through: then it is asked. */
  function lost(opened) {
    if (opened) {
      again(new Failure("offline", word("shared.offline")));
    } else {
      poll();
    }
  }

  function again(failure) {
    const wait = PAUSES_S[Math.min(failures, PAUSES_S.length - 1)] * (1 + JITTER * (Math.random() - 0.5)) * 1000;
    failures += 1;
    clearTimeout(retry);
    retry = setTimeout(open, wait);
    fail(failure, performance.now() + wait);
  }

  function fail(failure, retryAt) {
    if (running) {
      onFailure(failure, retryAt);
    }
  }

  async function poll() {
    clearTimeout(retry);
    const sentAt = performance.now();
    try {
      const answer = await askPlainly();
      if (!running || socket) {
        return;
      }
      pollUntil ||= performance.now() + WITHOUT_SOCKET_MS;
      failures = 0;
      state = answer;
      onTrip(performance.now() - sentAt);
      onState(state, sentAt);
      if (performance.now() < pollUntil) {
        retry = setTimeout(poll, pause());
      } else {
        pollUntil = 0;
        open();
      }
    } catch (failure) {
      if (failure.status === 401 || failure.status === 403) {
        // Whoever may no longer watch is led by the server to where that is given.
        location.reload();
      } else if (running && !socket) {
        pollUntil = 0;
        again(failure);
      }
    }
  }

  return {
    start() {
      if (!running) {
        running = true;
        failures = 0;
        open();
      }
    },
    stop() {
      running = false;
      pollUntil = 0;
      clearTimeout(retry);
      drop();
    },
    /** Tries at once what would be tried later. */
    now() {
      if (running && (!socket || socket.readyState !== WebSocket.OPEN)) {
        drop();
        open();
      }
    },
    /** The address is another. */
    renew() {
      if (running) {
        drop();
        open();
      }
    },
    /** Sends a command by the socket alone. Gives what the answer has. */
    async ask(type, fields) {
      if (socket?.readyState !== WebSocket.OPEN) {
        throw new Failure("offline", word("shared.offline"));
      }
      return ask(type, fields);
    },
    /** Sends a command, or posts it: `instead()`. Gives the state, or fails with the server's words. */
    async send(type, fields, instead) {
      if (socket?.readyState === WebSocket.OPEN) {
        return ask(type, fields);
      }
      state = await instead();
      onState(state, performance.now());
      return state;
    },
  };
}

const sentence = (error) => (/[.!?]$/.test(error) ? error : `${error}.`);
