// Sends pictures over links that it makes up, by www/broadcast/pace.js, and says what came of it: one
// line of JSON for each link. Time is counted, not waited for. `node pace.mjs PACE.JS`

const { createPace, STEPS } = await import(process.argv[2]);

// Bytes of a picture of 1280 x 720 at the best step, and what is left of them at each quality.
const WHOLE_BYTES = 110_000;
const OF_QUALITY = { 0.85: 1, 0.75: 0.72, 0.6: 0.52, 0.55: 0.48, 0.45: 0.4, 0.4: 0.37, 0.35: 0.33 };
const bytesOf = ({ scale, quality }) => WHOLE_BYTES * scale ** 2 * OF_QUALITY[quality];
const TAIL_S = 10;

/** A link of so many bits a second, on which an answer takes `latency` ms at least; `rate` pictures a
    second are due for `seconds`. From `stall[0]` to `stall[1]`, in seconds, nothing goes through. */
function send({ bits, latency, rate, seconds, stall = [-1, -1] }) {
  const pace = createPace();
  let now = 0;
  let free = 0;
  let waiting = false;
  let onTheWay = [];
  const result = { bits, latency, rate, most: 0, sent: 0, bytes: 0, trips: [], steps: new Set() };
  const tail = () => now >= (seconds - TAIL_S) * 1000;

  function put() {
    waiting = !pace.may(now);
    if (waiting) {
      return;
    }
    const bytes = bytesOf(pace.step());
    free = Math.max(free, now) + (bytes * 8 * 1000) / bits;
    if (free > stall[0] * 1000 && free < stall[1] * 1000) {
      free = stall[1] * 1000;
    }
    pace.sent(now);
    onTheWay.push({ at: now, back: free + latency });
    result.most = Math.max(result.most, onTheWay.length);
    if (tail()) {
      result.sent += 1;
      result.bytes += bytes;
      result.steps.add(STEPS.indexOf(pace.step()));
    }
  }

  for (let picture = 0; picture < rate * seconds; picture += 1) {
    const due = (picture * 1000) / rate;
    while (onTheWay.length > 0 && onTheWay[0].back <= due) {
      const { at, back } = onTheWay.shift();
      now = back;
      pace.answered(now);
      if (tail()) {
        result.trips.push(back - at);
      }
      if (waiting) {
        put();
      }
    }
    now = due;
    put();
  }
  const trips = result.trips.sort((one, other) => one - other);
  return {
    bits, latency, rate, most: result.most, fps: result.sent / TAIL_S,
    used: (result.bytes * 8) / TAIL_S / bits, trip: trips[trips.length >> 1] ?? null,
    late: trips[Math.floor(trips.length * 0.95)] ?? null, steps: [...result.steps].sort(),
  };
}

for (const bits of [300e3, 1e6, 3e6, 10e6, 30e6, 100e6, 1e9]) {
  for (const latency of [1, 20, 80, 250]) {
    for (const rate of [5, 15, 30]) {
      console.log(JSON.stringify(send({ bits, latency, rate, seconds: 90 })));
    }
  }
}
// A link that stands still for five seconds, long before the end.
for (const bits of [3e6, 30e6]) {
  console.log(JSON.stringify({ ...send({ bits, latency: 20, rate: 30, seconds: 120, stall: [20, 25] }), stalled: true }));
}
