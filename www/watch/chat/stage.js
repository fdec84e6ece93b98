// Who is live in a room that shows a browser, and how one comes to it: a link for who may, a raised
// hand for who asks, and an end for who keeps order.

import { byId, setAttribute, setText } from "../../shared/dom.js";
import { tell } from "../../shared/announce.js";
import { word } from "../../shared/words.js";

/** `act(type, fields, done)` sends a command, and says `done` when it is done. */
export function createStage({ act }) {
  const place = byId("about-live");
  const go = byId("about-broadcast");
  const hand = byId("about-hand");
  const off = byId("about-off");
  let live = null;
  let isStage = false;
  let isUp = false;
  let may = { publish: !go.hidden, moderate: false, ask: false };

  function show() {
    place.hidden = !isStage;
    setText(byId("about-live-words"), live ? word("watch.stage.live", { name: live }) : word("watch.stage.nobody"));
    go.hidden = !may.publish;
    hand.hidden = may.publish || !may.ask;
    setText(byId("about-hand-words"), isUp ? word("watch.stage.lower") : word("watch.stage.raise"));
    setAttribute(hand, "aria-pressed", isUp);
    off.hidden = !may.moderate || !live;
  }

  hand.addEventListener("click", () => act("hand", { up: !isUp }));
  off.addEventListener("click", () => act("off", {}, word("watch.stage.off-done")));

  return {
    /** What the server says of the room's picture. */
    showSource(source) {
      [isStage, live] = [source.kind === "browser", source.live ?? null];
      show();
    },
    /** What one may in the room, as it was said at the door. */
    showRights(rights, isIn) {
      may = { publish: may.publish || rights.includes("publish"), moderate: isIn && rights.includes("moderate"), ask: isIn };
      show();
    },
    showHand(up) {
      isUp = up;
      show();
    },
    /** Somebody who keeps order said yes. */
    admit(key) {
      go.href = `broadcast?key=${encodeURIComponent(key)}`;
      may.publish = true;
      show();
      tell(word("watch.stage.admitted"));
    },
    /** Choices about somebody who raised the hand. */
    items(person) {
      const { who, name } = person;
      const admit = { icon: "radio", words: word("watch.stage.admit"), act: () => act("admit", { who }, word("watch.stage.admitted-other", { name })) };
      return isStage && !person.isMe ? [admit, null] : [];
    },
  };
}
