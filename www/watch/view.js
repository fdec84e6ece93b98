// How this window lays the picture: turned, enlarged where it is pinched or the wheel
// turns, moved when it is enlarged. Remembered for each room. Also what a press on it means: a click
// pauses, two mean full screen, and a tap brings the deck.

import { byId, setText } from "../shared/dom.js";
import { recall, remember } from "../shared/remember.js";

const MOST = 8;
const STEP = 1.25;
// A click that stays alone for so long acts; systems take two for a double click for up to half a
// second, and a page is not told how long.
const CLICK_MS = 250;
// A finger or a hand is never quite still.
const STILL_PX = 5;

/**
 * `onClick()` after a click that stayed alone; `onDouble()` after two, and before it `onClick()` once
 * more if the first had acted; `onChange()` when it moved.
 */
export function createView({ onClick, onDouble, onChange }) {
  const frame = byId("frame");
  const key = `view:${location.pathname}`;
  const view = { turns: 0, zoom: 1, x: 0, y: 0, ...kept(key) };
  const pointers = new Map();
  let moved = false;
  let single = 0;
  let clicked = false;

  function show() {
    const most = (view.zoom - 1) / 2;
    view.x = Math.min(most, Math.max(-most, view.x));
    view.y = Math.min(most, Math.max(-most, view.y));
    frame.classList.toggle("across", view.turns % 2 === 1);
    frame.classList.toggle("enlarged", view.zoom > 1);
    const { style } = frame;
    style.setProperty("--turns", view.turns);
    style.setProperty("--zoom", view.zoom);
    style.setProperty("--x", view.x);
    style.setProperty("--y", view.y);
    setText(byId("menu-rotation"), view.turns ? `${view.turns * 90}°` : "");
    remember(key, JSON.stringify(view));
    onChange();
  }

  /** Enlarges around a point of the window; without one, around the middle. */
  function zoomTo(zoom, clientX, clientY) {
    const { left, top, width, height } = frame.getBoundingClientRect();
    const after = Math.min(MOST, Math.max(1, zoom));
    const ratio = after / view.zoom;
    const fromMiddle = (client, start, size) => (client === undefined ? 0 : (client - start) / size - 0.5);
    const [x, y] = [fromMiddle(clientX, left, width), fromMiddle(clientY, top, height)];
    view.x = x - (x - view.x) * ratio;
    view.y = y - (y - view.y) * ratio;
    view.zoom = after;
    show();
  }

  frame.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(view.zoom * Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }, { passive: false });

  frame.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button, a")) {
      return;
    }
    moved = pointers.size > 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });

  frame.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      return;
    }
    const now = { x: event.clientX, y: event.clientY };
    if (!moved && Math.hypot(now.x - before.x, now.y - before.y) < STILL_PX) {
      return;
    }
    moved = true;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (other) {
      const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y);
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      zoomTo((view.zoom * distance(now)) / Math.max(1, distance(before)), middle.x, middle.y);
    } else if (view.zoom > 1) {
      const { width, height } = frame.getBoundingClientRect();
      view.x += (now.x - before.x) / width;
      view.y += (now.y - before.y) / height;
      show();
    }
  });

  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    frame.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }

  frame.addEventListener("click", (event) => {
    if (event.target.closest("button, a") || moved) {
      return;
    }
    clearTimeout(single);
    if (event.detail > 1) {
      if (clicked) {
        // A slow double click, as a system takes it: its first was no click of its own.
        onClick();
        clicked = false;
      }
      onDouble();
    } else if (event.pointerType !== "touch") {
      // A tap brings the deck, which fade.js sees to.
      clicked = false;
      single = setTimeout(() => {
        clicked = true;
        onClick();
      }, CLICK_MS);
    }
  });

  const rotate = () => {
    view.turns = (view.turns + 1) % 4;
    show();
  };
  byId("menu-rotate").addEventListener("click", rotate);
  show();

  return {
    rotate,
    zoomIn: () => zoomTo(view.zoom * STEP),
    zoomOut: () => zoomTo(view.zoom / STEP),
    reset() {
      Object.assign(view, { zoom: 1, turns: 0, x: 0, y: 0 });
      show();
    },
    /** In how many pixels of the screen a picture of this size is shown. */
    shown(width, height) {
      if (!width || !height) {
        return null;
      }
      const box = frame.getBoundingClientRect();
      const across = view.turns % 2 === 1;
      const [wide, high] = across ? [height, width] : [width, height];
      const scale = Math.min(box.width / wide, box.height / high) * view.zoom * devicePixelRatio;
      return { width: Math.round(width * scale), height: Math.round(height * scale) };
    },
  };
}

function kept(key) {
  try {
    const { turns, zoom, x, y } = JSON.parse(recall(key) ?? "{}");
    const number = (value, least, most) => (value >= least && value <= most ? value : undefined);
    return Object.fromEntries(
      Object.entries({
        turns: Number.isInteger(turns) ? number(turns, 0, 3) : undefined,
        zoom: number(zoom, 1, MOST),
        x: number(x, -MOST, MOST),
        y: number(y, -MOST, MOST),
      }).filter(([, value]) => value !== undefined),
    );
  } catch {
    return {};
  }
}
