// One <video> in step with its room, on the page and in a frame of another: a player, and the
// server's clock that it goes by. Knows no buttons.

import { createClock } from "./clock.js";
import { createPlayer } from "./player.js";

const ASKED_AT_FIRST = 5;
const FIRST_EACH_MS = 120;
const ASKED_EACH_MS = 10_000;

/** `ask(type, fields)` sends by the socket alone; `onChange()` as a player says it. */
export function createTogether({ video, still, ask, onChange }) {
  const clock = createClock();
  const player = createPlayer({ video, still, now: clock.now, onChange });
  let asked = 0;
  let asking = 0;

  /** Asks the server's clock: often at first, so that who comes is soon in step. */
  async function measure() {
    clearTimeout(asking);
    const sentAt = performance.now();
    try {
      const { clock_ms: clockMs } = await ask("ping", {});
      clock.add(clockMs, sentAt, performance.now());
      asked += 1;
      player.step();
    } catch {
      // The next connection asks again.
      return;
    }
    asking = setTimeout(measure, asked < ASKED_AT_FIRST ? FIRST_EACH_MS : ASKED_EACH_MS);
  }

  return {
    player,
    /** What the state says of the room's film; told between these two moments. */
    take(section, sentAt, heardAt) {
      if (asked === 0) {
        clock.add(section.clock_ms, sentAt, heardAt);
      }
      player.take(filmOf(section), section.plays);
    },
    setConnected(isConnected) {
      if (isConnected) {
        asked = 0;
        measure();
      }
    },
  };
}

/** The film of the list that is played, if one is. */
export function filmOf(section) {
  return section?.list.find(({ film }) => film === section.plays?.film) ?? null;
}
