// How much of a picture a link carries, from the answers that come back: how many pictures may be on
// their way at once, and how large and how good they are. Pure: time is handed in. Never makes a
// queue: what cannot go now is left out, and the next picture is a newer one.

// From the best to the least: part of each side, and JPEG quality.
export const STEPS = [
  { scale: 1, quality: 0.85 },
  { scale: 1, quality: 0.75 },
  { scale: 1, quality: 0.6 },
  { scale: 0.75, quality: 0.6 },
  { scale: 0.75, quality: 0.45 },
  { scale: 0.5, quality: 0.55 },
  { scale: 0.5, quality: 0.4 },
  { scale: 0.35, quality: 0.4 },
  { scale: 0.25, quality: 0.35 },
];
const FIRST_STEP = 1;
// An answer that took so much longer than the quickest one stood in a queue.
const QUEUED_MS = 120;
const MOST_ON_THE_WAY = 12;
const JUDGED_EACH_MS = 1000;
// So much of what was due and could not go means that less has to be sent.
const TOO_MANY_LEFT_OUT = 0.2;
const UP_AFTER_MS = 4000;
const LONGEST_MS = 60_000;
// The quickest answer is of this last while: a phone goes from one network to another.
const QUICKEST_OF_MS = 20_000;

export function createPace() {
  let step = FIRST_STEP;
  let window = 2;
  let onTheWay = [];
  let quickest = [];
  let trip = 0;
  let due = 0;
  let leftOut = 0;
  let judgedAt = null;
  let goodSince = null;
  let upAfter = UP_AFTER_MS;
  let upAt = null;

  function judge(now) {
    judgedAt ??= now;
    if (now - judgedAt < JUDGED_EACH_MS) {
      return;
    }
    const tooMany = due > 0 && leftOut / due > TOO_MANY_LEFT_OUT;
    [judgedAt, due, leftOut] = [now, 0, 0];
    if (tooMany) {
      if (upAt !== null && now - upAt < UP_AFTER_MS) {
        // It was one step too far: the next try comes later.
        upAfter = Math.min(upAfter * 2, LONGEST_MS);
      }
      step = Math.min(step + 1, STEPS.length - 1);
      [goodSince, upAt] = [null, null];
      return;
    }
    goodSince ??= now;
    if (now - goodSince >= upAfter && step > 0) {
      step -= 1;
      [goodSince, upAt] = [now, now];
    } else if (upAt !== null && now - upAt >= UP_AFTER_MS) {
      [upAfter, upAt] = [UP_AFTER_MS, null];
    }
  }

  return {
    /** Whether a picture that is due may go now; if not, it is counted as left out. */
    may(now) {
      judge(now);
      due += 1;
      const goes = onTheWay.length < window;
      leftOut += goes ? 0 : 1;
      return goes;
    },
    sent(now) {
      onTheWay.push(now);
    },
    answered(now) {
      const sentAt = onTheWay.shift();
      if (sentAt === undefined) {
        return;
      }
      trip = now - sentAt;
      quickest = quickest.filter(({ at, ms }) => now - at < QUICKEST_OF_MS && ms < trip);
      quickest.push({ at: now, ms: trip });
      if (trip - quickest[0].ms < QUEUED_MS) {
        window = Math.min(window + 1 / window, MOST_ON_THE_WAY);
      } else {
        window = Math.max(window * 0.8, 1);
      }
    },
    /** The connection is another: nothing of the old one is on its way. */
    restart() {
      [onTheWay, quickest, window, goodSince, judgedAt] = [[], [], 2, null, null];
      // What an old link could not carry says little of the new one.
      step = Math.min(step, FIRST_STEP + 1);
    },
    step: () => STEPS[step],
    trip: () => trip,
  };
}
