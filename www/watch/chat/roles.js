// What somebody is in a room, in words and in order.

import { make } from "../../shared/dom.js";
import { word } from "../../shared/words.js";

const BADGES = {
  host: word("watch.chat.role.host"),
  moderator: word("watch.chat.role.moderator"),
};
const ORDER = ["host", "moderator", "member", "guest"];

/** Who has no badge gets none: most are guests and members. */
export function badge(role) {
  return BADGES[role] ? make("span", `badge role ${role}`, BADGES[role]) : null;
}

const names = new Intl.Collator([], { sensitivity: "base", numeric: true });

/** Hosts and moderators first, then by name. */
export function compare(a, b) {
  return ORDER.indexOf(a.role) - ORDER.indexOf(b.role) || names.compare(a.name, b.name) || (a.who < b.who ? -1 : 1);
}
