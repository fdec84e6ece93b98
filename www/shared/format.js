// Numbers into words. Pure; knows no element.

import { word } from "./words.js";

const UNITS = [
  [1e9, "Gbit/s"],
  [1e6, "Mbit/s"],
  [1e3, "kbit/s"],
];

const unitOf = (bitsPerSec) => UNITS.find(([size]) => bitsPerSec >= size) ?? UNITS[2];

/** Writes 3.2, 0.85, 100: as many digits as a person reads at a glance. */
export function short(value) {
  const digits = value >= 100 ? 0 : value >= 1 || value === 0 ? 1 : 2;
  return value.toFixed(digits).replace(/\.0+$/, "");
}

/** Like `short`, but never drops a digit: for numbers that change in place. */
export function steady(value) {
  return value.toFixed(value >= 100 ? 0 : 1);
}

export function bitrate(bitsPerSec) {
  const [size, unit] = unitOf(bitsPerSec);
  return `${short(bitsPerSec / size)} ${unit}`;
}

/** `{ used: "3.2", whole: "10", unit: "Mbit/s" }`, both in the unit of the larger. */
export function ratio(usedBitsPerSec, wholeBitsPerSec) {
  const [size, unit] = unitOf(Math.max(usedBitsPerSec, wholeBitsPerSec));
  const used = usedBitsPerSec / size;
  const written = used === 0 ? "0" : used < 1 ? used.toFixed(2) : steady(used);
  return { used: written, whole: short(wholeBitsPerSec / size), unit };
}

const SIZES = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** How long a file is. */
export function size(bytes) {
  const [unitBytes, unit] = SIZES.find(([least]) => bytes >= least) ?? SIZES[2];
  return `${short(bytes / unitBytes)} ${unit}`;
}

export const seconds = (value) => word("shared.seconds", { count: Math.max(0, Math.round(value)) });

/** How long ago, in the largest unit that says enough. */
export function ago(value) {
  if (value < 90) {
    return seconds(value);
  }
  return value < 5400
    ? word("shared.minutes", { count: Math.round(value / 60) })
    : word("shared.hours", { count: Math.round(value / 3600) });
}

/** A time of the day, as people here write it. */
export const clockTime = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const timeOfDay = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const timeOfAnotherDay = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** A time of today; of another day with that day. */
export function dayTime(date) {
  const isToday = date.toDateString() === new Date().toDateString();
  return (isToday ? timeOfDay : timeOfAnotherDay).format(date);
}

/** A time that sorts and that every file system takes: 2026-11-21-09-06-14. */
export function fileTime(date) {
  const two = (number) => String(number).padStart(2, "0");
  return [
    date.getFullYear(),
    two(date.getMonth() + 1),
    two(date.getDate()),
    two(date.getHours()),
    two(date.getMinutes()),
    two(date.getSeconds()),
  ].join("-");
}
