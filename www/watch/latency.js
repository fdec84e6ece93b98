// How late the picture is: the server's part plus half a round trip, the middle one of the last
// few so that a single slow answer does not show. Pure.

const KEPT = 5;

export function createLatency() {
  const trips = [];
  return {
    add(tripMs) {
      trips.push(tripMs);
      if (trips.length > KEPT) {
        trips.shift();
      }
    },
    ms(serverMs) {
      if (serverMs == null || trips.length === 0) {
        return null;
      }
      const sorted = [...trips].sort((a, b) => a - b);
      return serverMs + sorted[sorted.length >> 1] / 2;
    },
  };
}
