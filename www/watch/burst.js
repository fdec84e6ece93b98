// A short burst of sparks in the gift's colour around an element. Decoration only: nothing of
// it under reduced motion, and nothing is told by it alone.

import { byId, token, tokenMs, wantsStillness } from "../shared/dom.js";

const SPARKS = 44;
const FALL = 0.9;

let sparks = [];
let running = false;

export function burst(around) {
  const lasts = tokenMs("--burst-for");
  if (wantsStillness() || lasts === 0 || document.hidden) {
    return;
  }
  const canvas = byId("burst");
  canvas.hidden = false;
  const stage = canvas.getBoundingClientRect();
  const box = around.getBoundingClientRect();
  const start = performance.now();
  for (let at = 0; at < SPARKS; at += 1) {
    const angle = (at / SPARKS) * 2 * Math.PI + Math.random() * 0.4;
    const speed = 0.35 + Math.random() * 0.9;
    sparks.push({
      start,
      lasts: lasts * (0.6 + Math.random() * 0.4),
      x: box.left - stage.left + box.width * (0.5 + 0.46 * Math.cos(angle)),
      y: box.top - stage.top + box.height * (0.5 + 0.46 * Math.sin(angle)),
      dx: Math.cos(angle) * speed,
      dy: Math.sin(angle) * speed - 0.25,
      turn: Math.random() * Math.PI,
      long: Math.random() < 0.4,
    });
  }
  if (!running) {
    running = true;
    requestAnimationFrame(draw);
  }
}

function draw() {
  const canvas = byId("burst");
  const pen = canvas.getContext("2d");
  const ratio = devicePixelRatio || 1;
  const unit = parseFloat(token("--s1"));
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  pen.scale(ratio, ratio);
  pen.fillStyle = token("--gift");
  const now = performance.now();
  sparks = sparks.filter((spark) => now - spark.start < spark.lasts);
  for (const spark of sparks) {
    const part = (now - spark.start) / spark.lasts;
    const way = unit * 26 * (1 - (1 - part) ** 3);
    pen.save();
    pen.globalAlpha = 1 - part ** 2;
    pen.translate(spark.x + spark.dx * way, spark.y + spark.dy * way + FALL * unit * 12 * part ** 2);
    pen.rotate(spark.turn + part * 4);
    if (spark.long) {
      pen.fillRect(-unit, -unit / 4, 2 * unit, unit / 2);
    } else {
      pen.beginPath();
      pen.arc(0, 0, (unit / 2) * (1.3 - part), 0, 2 * Math.PI);
      pen.fill();
    }
    pen.restore();
  }
  if (sparks.length > 0) {
    requestAnimationFrame(draw);
  } else {
    running = false;
    canvas.hidden = true;
  }
}
