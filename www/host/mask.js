// Lets a privacy mask be drawn on a room's picture. What is drawn is written into the field, which is
// what the form sends; what is typed there is shown on the picture.

import { make, makeIcon } from "../shared/dom.js";
import { word } from "../shared/words.js";

const WHOLE = 100;
// A smaller one was a click that slipped.
const LEAST = 0.5;

/** `field` is the input of the parts, with `data-mask`: where its room stands. */
export function createMask(field) {
  if (field.disabled) {
    return;
  }
  const open = make("button", "button well mask-open", word("host.rooms.mask-draw"));
  const board = make("div", "mask-board");
  const tools = make("div", "row");
  const how = make("p", "muted", word("host.rooms.mask-how"));
  const none = make("p", "muted", word("host.rooms.mask-none"));
  const clear = make("button", "button well", word("host.rooms.mask-clear"));
  const picture = make("img", "mask-picture");
  const place = make("div", "mask-place");
  open.type = clear.type = "button";
  picture.alt = "";
  picture.draggable = false;
  none.hidden = place.hidden = board.hidden = true;
  open.prepend(makeIcon("plus"));
  open.setAttribute("aria-expanded", "false");
  place.append(picture);
  tools.append(clear);
  board.append(how, none, place, tools);
  field.closest(".field-place").after(open, board);

  let start = null;
  let drawn = null;

  function show() {
    place.querySelectorAll(".mask-part").forEach((part) => part.remove());
    for (const [left, top, width, height] of partsOf(field.value)) {
      const part = make("div", "mask-part");
      Object.assign(part.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
      place.append(part);
    }
    clear.disabled = field.value.trim() === "";
  }

  function load() {
    const root = new URL("../", field.form.action);
    picture.src = `${new URL(`${field.dataset.mask}preview`, root)}?${Date.now()}`;
  }

  picture.addEventListener("load", () => {
    place.hidden = false;
    none.hidden = true;
    show();
  });
  picture.addEventListener("error", () => {
    place.hidden = true;
    none.hidden = false;
  });
  open.addEventListener("click", () => {
    board.hidden = !board.hidden;
    open.setAttribute("aria-expanded", String(!board.hidden));
    if (!board.hidden) {
      load();
    }
  });
  clear.addEventListener("click", () => {
    field.value = "";
    show();
  });
  field.addEventListener("input", show);

  const at = (event) => {
    const { left, top, width, height } = place.getBoundingClientRect();
    const within = (value) => Math.min(WHOLE, Math.max(0, value * WHOLE));
    return { x: within((event.clientX - left) / width), y: within((event.clientY - top) / height) };
  };
  const between = (one, other) => [
    Math.min(one.x, other.x),
    Math.min(one.y, other.y),
    Math.abs(one.x - other.x),
    Math.abs(one.y - other.y),
  ];

  place.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    place.setPointerCapture(event.pointerId);
    start = at(event);
    drawn = make("div", "mask-part");
    place.append(drawn);
  });
  place.addEventListener("pointermove", (event) => {
    if (start) {
      const [left, top, width, height] = between(start, at(event));
      Object.assign(drawn.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
    }
  });
  const finish = (event) => {
    if (!start) {
      return;
    }
    const [left, top, width, height] = between(start, at(event));
    start = null;
    if (width >= LEAST && height >= LEAST) {
      const [x, y] = [left, top].map((side) => Math.floor(side * 10) / 10);
      const part = [x, y, up(left + width - x, WHOLE - x), up(top + height - y, WHOLE - y)];
      const parts = [field.value.trim(), part.map((side) => String(Number(side.toFixed(1)))).join(",")];
      field.value = parts.filter(Boolean).join("+");
    }
    show();
  };
  place.addEventListener("pointerup", finish);
  place.addEventListener("pointercancel", finish);
  show();
}

/** Rounded up to a tenth, so that nothing at the edge is seen. */
const up = (side, most) => Math.min(most, Math.ceil(side * 10) / 10);

function partsOf(text) {
  const parts = text.split("+").map((part) => part.split(",").map(Number));
  return parts.filter((part) => part.length === 4 && part.every((side) => side >= 0 && side <= WHOLE));
}
