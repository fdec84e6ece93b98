// The room's clock, as this page knows it: of a few questions the one that was answered fastest
// tells most, and an old one less each minute, as two clocks never go quite alike. Pure but for its
// own clock.

const KEPT = 8;
// What a clock of quartz may be off, of a millisecond in each.
const DRIFT = 5e-5;

export function createClock() {
  const samples = [];
  let offset = 0;

  return {
    /** The server's clock said `clockMs` between these two moments of performance.now(). */
    add(clockMs, sentAt, heardAt) {
      samples.push({ offset: clockMs - (sentAt + heardAt) / 2, doubt: (heardAt - sentAt) / 2, at: heardAt });
      if (samples.length > KEPT) {
        samples.shift();
      }
      const doubt = (sample) => sample.doubt + (heardAt - sample.at) * DRIFT;
      offset = samples.reduce((best, sample) => (doubt(sample) <= doubt(best) ? sample : best)).offset;
    },
    /** The server's clock now, in milliseconds. */
    now: () => performance.now() + offset,
  };
}
