// The plots: bitrate, frames a second, motion and level over the last minute, each on a canvas
// with its own scale. Only draws what it is given; remembers whether it stands open.

import { byId, make, token } from "../shared/dom.js";
import { recall, remember } from "../shared/remember.js";
import { word } from "../shared/words.js";

const SPAN_MS = 60_000;
const UNITLESS = (value) => value.toFixed(0);

const PLOTS = [
  { id: "bitrate", name: word("watch.plots.bitrate"), unit: "Mbit/s", least: 1e6, scale: 1e6, write: (v) => (v / 1e6).toFixed(1), of: (v) => v.sent_bits_per_sec },
  { id: "fps", name: word("watch.plots.frames"), unit: "/s", least: 10, scale: 1, write: (v) => v.toFixed(1), of: (v) => v.fps },
  { id: "motion", name: word("watch.plots.motion"), unit: "%", least: 0.02, scale: 0.01, write: (v) => (v * 100).toFixed(1), of: (v) => v.motion, none: word("watch.plots.motion-none"), mark: 0.01 },
  { id: "level", name: word("watch.plots.level"), unit: "", most: 100, scale: 1, write: UNITLESS, of: (v) => v.quality },
];

/** `onToggle(open)` when they open or close. */
export function createPlots({ onToggle }) {
  const whole = byId("statistics");
  const panel = byId("plots");
  const toggle = byId("plots-toggle");
  const samples = [];
  let pointerAt = null;
  const views = PLOTS.map((plot) => createView(plot, panel));

  function draw() {
    if (whole.hidden) {
      return;
    }
    const now = performance.now();
    for (const view of views) {
      view.draw(samples, now, pointerAt);
    }
  }

  function setOpen(open, keep = true) {
    whole.hidden = !open;
    toggle.setAttribute("aria-expanded", open);
    if (keep) {
      remember("plots", open ? "open" : "closed");
    }
    onToggle(open);
    draw();
  }

  toggle.addEventListener("click", () => setOpen(whole.hidden));
  panel.addEventListener("pointermove", (event) => {
    const canvas = event.target.closest("canvas");
    if (canvas) {
      const { left, width } = canvas.getBoundingClientRect();
      pointerAt = Math.min(1, Math.max(0, (event.clientX - left) / width));
      draw();
    }
  });
  for (const name of ["pointerleave", "pointercancel"]) {
    panel.addEventListener(name, () => {
      pointerAt = null;
      draw();
    });
  }
  new ResizeObserver(draw).observe(panel);
  setOpen(recall("plots") === "open", false);

  return {
    add(viewer) {
      const now = performance.now();
      samples.push({ at: now, values: PLOTS.map((plot) => (viewer ? plot.of(viewer) ?? null : null)) });
      while (samples.length > 0 && samples[0].at < now - SPAN_MS - 2000) {
        samples.shift();
      }
      draw();
    },
    toggle: () => setOpen(whole.hidden),
    get open() {
      return !whole.hidden;
    },
    draw,
  };
}

function createView(plot, panel) {
  const index = PLOTS.indexOf(plot);
  const figure = make("figure", "plot");
  const caption = make("figcaption");
  const value = make("span", "value number");
  const canvas = make("canvas");
  figure.id = `plot-${plot.id}`;
  canvas.setAttribute("role", "img");
  caption.append(make("span", "muted", plot.name), value);
  figure.append(caption, canvas);
  panel.append(figure);

  const written = (amount) => (amount == null ? plot.none ?? "" : `${plot.write(amount)}${plot.unit && ` ${plot.unit}`}`.replace(" /", "/"));

  return {
    draw(samples, now, pointerAt) {
      const points = samples.map(({ at, values }) => ({ x: 1 - (now - at) / SPAN_MS, y: values[index] }));
      const shown = pointerAt == null ? points.at(-1) : nearest(points, pointerAt);
      const top = plot.most ?? niceTop(Math.max(plot.least, ...points.map(({ y }) => y ?? 0)) / plot.scale) * plot.scale;
      value.textContent = shown ? written(shown.y) : "";
      value.classList.toggle("none", shown?.y == null);
      const last = written(points.at(-1)?.y ?? null) || word("watch.plots.nothing");
      canvas.setAttribute("aria-label", word("watch.plots.about", { name: plot.name, value: last }));
      paint(canvas, points, top, plot, pointerAt == null ? null : shown);
    },
  };
}

function nearest(points, x) {
  let best = null;
  for (const point of points) {
    if (!best || Math.abs(point.x - x) < Math.abs(best.x - x)) {
      best = point;
    }
  }
  return best;
}

/** The next of 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten: a scale that rarely jumps. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) * power;
}

function paint(canvas, points, top, plot, shown) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0) {
    return;
  }
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const pen = canvas.getContext("2d");
  const line = parseFloat(token("--plot-line"));
  const accent = token("--accent");
  const y = (amount) => height - line - (amount / top) * (height - 2 * line);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  scale(pen, width, y, top, plot);
  pen.lineWidth = line;
  pen.lineJoin = "round";
  for (const run of runs(points)) {
    trace(pen, run, width, y);
    pen.strokeStyle = accent;
    pen.stroke();
    pen.lineTo(run.at(-1).x * width, y(0));
    pen.lineTo(run[0].x * width, y(0));
    pen.fillStyle = token("--accent-tint");
    pen.fill();
  }
  if (shown) {
    pen.fillStyle = token("--muted");
    const hair = parseFloat(token("--hair"));
    pen.fillRect(shown.x * width - hair / 2, 0, hair, height);
    if (shown.y != null) {
      pen.beginPath();
      pen.arc(shown.x * width, y(shown.y), 2 * line, 0, 2 * Math.PI);
      pen.fillStyle = token("--text");
      pen.fill();
    }
  }
}

function scale(pen, width, y, top, plot) {
  const hair = parseFloat(token("--hair"));
  pen.strokeStyle = token("--line");
  pen.lineWidth = hair;
  for (const part of [0, 0.5, 1]) {
    const at = Math.max(hair / 2, Math.round(y(top * part)) - hair / 2);
    pen.beginPath();
    pen.moveTo(0, at);
    pen.lineTo(width, at);
    pen.stroke();
  }
  if (plot.mark && plot.mark < top) {
    pen.save();
    pen.setLineDash([3 * hair, 3 * hair]);
    pen.strokeStyle = token("--muted");
    pen.beginPath();
    pen.moveTo(0, y(plot.mark));
    pen.lineTo(width, y(plot.mark));
    pen.stroke();
    pen.restore();
  }
  const size = parseFloat(token("--text-s"));
  pen.font = `${size}px ${token("--font")}`;
  pen.fillStyle = token("--muted");
  const number = top / plot.scale;
  pen.fillText(`${Number(number.toPrecision(3))}${plot.unit === "/s" ? "" : " "}${plot.unit}`.trim(), 0, size);
}

/** Splits at samples without a value, and where the page was asleep. */
function runs(points) {
  const found = [];
  let run = [];
  for (const point of points) {
    const gap = run.length > 0 && point.x - run.at(-1).x > 5000 / SPAN_MS;
    if (point.y == null || gap) {
      if (run.length > 1) {
        found.push(run);
      }
      run = [];
    }
    if (point.y != null) {
      run.push(point);
    }
  }
  if (run.length > 1) {
    found.push(run);
  }
  return found;
}

function trace(pen, run, width, y) {
  pen.beginPath();
  run.forEach((point, at) => {
    if (at === 0) {
      pen.moveTo(point.x * width, y(point.y));
    } else {
      pen.lineTo(point.x * width, y(point.y));
    }
  });
}
