// Loads pages that it makes up, each in another order, into www/shared/boot.js, and says when the page's script
// starts: one line of JSON for each order. `node boot.mjs BOOT.JS`

import { readFileSync } from "node:fs";
import vm from "node:vm";

const source = readFileSync(process.argv[2], "utf8");

/** What happens, in this order: `picture` is painted, the `end` of the document comes, time `passes`. */
function load(order) {
  const listeners = {};
  let timers = [];
  let frames = [];
  let startedAfter = null;
  let at = "nothing";
  const document = {
    readyState: "loading",
    hidden: false,
    documentElement: { classList: { add() {} }, dataset: {} },
    querySelector: () => ({ href: "page.js" }),
    createElement: () => ({}),
    head: {
      append() {
        startedAfter = at;
      },
    },
    addEventListener(name, listener) {
      (listeners[name] ??= []).push(listener);
    },
  };
  vm.runInNewContext(source, {
    document,
    localStorage: { getItem: () => null },
    requestAnimationFrame: (done) => frames.push(done),
    setTimeout: (done, ms = 0) => timers.push({ done, ms }),
  });
  const tell = (name, event) => (listeners[name] ?? []).forEach((listener) => listener(event));
  const pass = (ms) => {
    frames.splice(0).forEach((done) => done());
    const due = timers.filter((timer) => timer.ms <= ms);
    timers = timers.filter((timer) => timer.ms > ms);
    due.forEach(({ done }) => done());
  };
  const steps = {
    picture: () => tell("load", { target: { id: "picture" } }),
    end() {
      document.readyState = "interactive";
      tell("DOMContentLoaded", {});
    },
    passes: () => pass(1000),
  };
  for (const step of order) {
    at = step;
    steps[step]();
    pass(0);
  }
  return startedAfter;
}

for (const order of [
  ["picture", "end", "passes"],
  ["picture", "passes", "end"],
  ["end", "picture", "passes"],
  ["end", "passes"],
]) {
  console.log(JSON.stringify([order, load(order)]));
}
