// The keys by which a film is steered, as players of films have them.

const FINE_S = 5;
const COARSE_S = 10;
const VOLUME_STEP = 0.05;

const isTyping = (target) => Boolean(target.closest?.("input, textarea, select, dialog, [contenteditable], summary"));
// A button that has the focus is pressed by these.
const isPressed = (target, key) => [" ", "Enter"].includes(key) && Boolean(target.closest?.("button, a"));

/** `place` is what fills the screen. */
export function createKeys({ video, place, toggleCaptions }) {
  const loud = (by) => {
    video.muted = false;
    video.volume = Math.min(1, Math.max(0, video.volume + by));
  };
  const seek = (to) => {
    const end = Number.isFinite(video.duration) ? video.duration : 0;
    video.currentTime = Math.min(Math.max(0, to), end);
  };
  const toggleFullscreen = () => {
    const screen = document.fullscreenElement ? document.exitFullscreen() : place.requestFullscreen();
    screen.catch(() => {});
  };
  const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());
  const acts = {
    k: toggle,
    " ": toggle,
    j: () => seek(video.currentTime - COARSE_S),
    l: () => seek(video.currentTime + COARSE_S),
    arrowleft: () => seek(video.currentTime - FINE_S),
    arrowright: () => seek(video.currentTime + FINE_S),
    arrowup: () => loud(VOLUME_STEP),
    arrowdown: () => loud(-VOLUME_STEP),
    m() {
      video.muted = !video.muted;
    },
    f: toggleFullscreen,
    c: toggleCaptions,
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
    const act = tenth === null ? acts[key.toLowerCase()] : () => seek((video.duration * tenth) / 10);
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
