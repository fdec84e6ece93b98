// This viewer's settings, shown before the server has agreed: a change stands at once, is sent
// in order, and goes back if it is refused. A server that was started anew knows them no more, and
// is told them again. Draws nothing.

const SHOWN_EVERY_MS = 1000;

/** `send(fields)` posts; `onChange()` redraws; `onRefused(failure)` says why it went back. */
export function createSettings({ send, onChange, onRefused }) {
  const waiting = new Map();
  const queue = [];
  let busy = false;
  // What the server had last, and which run of it.
  let last = null;
  let shown = "";
  let said = "";
  let saying = 0;

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
      const { quality: choice = viewer.choice, mode = viewer.mode, filter = viewer.filter } = Object.fromEntries(waiting);
      const paused = waiting.has("paused") ? waiting.get("paused") === "true" : viewer.paused;
      return { ...viewer, choice, mode, filter, paused };
    },
    /** Looks at a state that came: is the server another run, that does not know what was set? */
    restore({ server, viewer }) {
      if (!viewer) {
        return;
      }
      if (last && last.run !== server.run) {
        said = "";
        const { choice, mode, filter, paused } = last;
        // A choice is refused in gaming mode: it comes first.
        for (const [field, value] of Object.entries({ quality: choice, mode, filter, paused: String(paused) })) {
          if (String(viewer[field === "quality" ? "choice" : field]) !== value) {
            this.set(field, value);
          }
        }
      }
      last = { run: server.run, choice: viewer.choice, mode: viewer.mode, filter: viewer.filter, paused: viewer.paused };
    },
    /** In how many pixels the picture is shown: said when it changed, and not for each of a drag. */
    tellShown(size, ofPicture) {
      shown = `${size} of ${ofPicture}`;
      if (shown === said || saying) {
        return;
      }
      saying = setTimeout(() => {
        saying = 0;
        if (shown !== said) {
          said = shown;
          send({ shown: shown.split(" ")[0] }).catch(() => (said = ""));
        }
      }, said ? SHOWN_EVERY_MS : 0);
    },
    /** The stream is another: what was said of the one before is not known of it. */
    forgetShown() {
      said = "";
    },
  };
}
