// The picture alone: opened again when it or the server is gone, and the last one kept meanwhile.

import { getSnapshot, getState } from "../shared/api.js";
import { followPresence } from "../shared/presence.js";
import { createSocket } from "../shared/socket.js";
import { createStream } from "../shared/stream.js";

const nothing = () => {};
let wasOffline = false;

const stream = createStream({
  picture: document.getElementById("picture"),
  still: document.getElementById("still"),
  getStill: getSnapshot,
  onOpening: nothing,
  onPicture: nothing,
  onFailure: nothing,
  onRenamed: () => socket.renew(),
});

const socket = createSocket({
  address: () => `socket?tab=${stream.tab}`,
  ask: () => getState(stream.tab),
  pause: () => 1000,
  onTrip: nothing,
  onState({ viewer }, at) {
    // In another site's frame it has no cookie, and is nobody whom the server knows: then the
    // stream is opened anew when the server was gone.
    if (viewer) {
      stream.check(Boolean(viewer.tab_open), at, wasOffline);
    } else if (wasOffline) {
      stream.open();
    }
    wasOffline = false;
  },
  onFailure(failure) {
    wasOffline ||= failure.kind === "offline";
  },
});

followPresence(stream, socket);

stream.catchUp();
socket.start();
