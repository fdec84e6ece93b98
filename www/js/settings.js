// This viewer's settings, shown before the server has agreed: a change stands at once, is sent
// in order, and goes back if it is refused. Draws nothing.

/** `send(fields)` posts; `onChange()` redraws; `onRefused(failure)` says why it went back. */
export function createSettings({ send, onChange, onRefused }) {
  const waiting = new Map();
  const queue = [];
  let busy = false;
  let settledAt = 0;

  async function work() {
    busy = true;
    while (queue.length > 0) {
      const { field, value } = queue.shift();
      try {
        await send({ [field]: value });
      } catch (failure) {
        // What was clicked after it rests on it no longer.
        queue.length = 0;
        waiting.clear();
        onRefused(failure);
      }
      settledAt = performance.now();
      if (waiting.get(field) === value && !queue.some((change) => change.field === field)) {
        waiting.delete(field);
      }
      onChange();
    }
    busy = false;
  }

  return {
    set(field, value) {
      const last = queue.at(-1);
      if (last?.field === field) {
        last.value = value;
      } else {
        queue.push({ field, value });
      }
      waiting.set(field, value);
      onChange();
      if (!busy) {
        work();
      }
    },
    /** The server's viewer with what is still under way laid over it. */
    over(viewer) {
      const { quality: choice = viewer.choice, mode = viewer.mode } = Object.fromEntries(waiting);
      const paused = waiting.has("paused") ? waiting.get("paused") === "true" : viewer.paused;
      return { ...viewer, choice, mode, paused };
    },
    /** An answer to a question older than the last change tells the past. */
    isStale: (sentAt) => sentAt < settledAt,
  };
}
