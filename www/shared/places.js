// Where a guest is in titles: kept by this browser alone, as there is no account that could have it.

import { recall, remember } from "./remember.js";

const KEY = "places";
const MOST = 60;
// From the beginning and the end: who is there does not want to go on from there.
const NEAR_S = 5;

function all() {
  try {
    const places = JSON.parse(recall(KEY) ?? "{}");
    return places && typeof places === "object" ? places : {};
  } catch {
    return {};
  }
}

/** The titles in which one is, the last that was watched first: `[id, seconds]`. */
export const placesOf = () =>
  Object.entries(all())
    .sort(([, one], [, other]) => other.when - one.when)
    .map(([id, { at }]) => [id, at]);

export const placeIn = (id) => all()[id]?.at ?? null;

/** Notes where one is; at the beginning and the end that is forgotten. */
export function notePlace(id, at, length) {
  const places = all();
  if (at >= NEAR_S && at < length - NEAR_S) {
    places[id] = { at, when: Date.now() };
  } else {
    delete places[id];
  }
  const kept = Object.entries(places).sort(([, one], [, other]) => other.when - one.when);
  remember(KEY, JSON.stringify(Object.fromEntries(kept.slice(0, MOST))));
}
