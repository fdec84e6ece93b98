// The keys by which a film is steered, as players of films have them.

const FINE_S = 5;
const COARSE_S = 10;
const VOLUME_STEP = 0.05;

const isTyping = (target) => Boolean(target.closest?.("input, textarea, select, dialog, [contenteditable], summary"));
// A button that has the focus is pressed by these.
const isPressed = (target, key) => [" ", "Enter"].includes(key) && Boolean(target.closest?.("button, a"));

export function createKeys(player) {
  const { video } = player;
  const loud = (by) => {
    video.muted = false;
    video.volume = Math.min(1, Math.max(0, video.volume + by));
  };
  const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());
  const acts = {
    k: toggle,
    " ": toggle,
    j: () => player.seek(video.currentTime - COARSE_S),
    l: () => player.seek(video.currentTime + COARSE_S),
    arrowleft: () => player.seek(video.currentTime - FINE_S),
    arrowright: () => player.seek(video.currentTime + FINE_S),
    arrowup: () => loud(VOLUME_STEP),
    arrowdown: () => loud(-VOLUME_STEP),
    m() {
      video.muted = !video.muted;
    },
    f: player.toggleFullscreen,
    c: player.toggleCaptions,
  };
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target) || isPressed(target, key)) {
      return;
    }
    // The player's own sliders move by arrows.
    if (key.startsWith("Arrow") && target.closest?.("[role=slider], input")) {
      return;
    }
    const tenth = /^[0-9]$/.test(key) ? Number(key) : null;
    const act = tenth === null ? acts[key.toLowerCase()] : () => player.seek((video.duration * tenth) / 10);
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
