// What somebody wrote as parts of a line: plain words, addresses that can be followed, names of who
// is here. Text of strangers is set as text, never as HTML.

import { make } from "../../shared/dom.js";

const ADDRESS = /https?:\/\/[^\s<>"]+/gi;
// What ends a sentence ends no address.
const AFTER = /[.,;:!?'…]+$/;
const LONGEST_NAME = 40;
const IN_NAME = /[\p{L}\p{N}_]/u;

/** `isHere(name)` and `isMe(name)` are asked of names in small letters. Gives whether one was mine. */
export function writeText(element, text, { isHere, isMe }) {
  const parts = [];
  let at = 0;
  let mine = false;
  for (const match of text.matchAll(ADDRESS)) {
    const href = addressOf(match[0]);
    if (href) {
      mine = writeNames(parts, text.slice(at, match.index), isHere, isMe) || mine;
      parts.push(link(href));
      at = match.index + href.length;
    }
  }
  mine = writeNames(parts, text.slice(at), isHere, isMe) || mine;
  element.replaceChildren(...parts);
  return mine;
}

function addressOf(found) {
  let href = found.replace(AFTER, "");
  // In brackets, the closing one belongs to the sentence.
  while (href.endsWith(")") && href.split("(").length < href.split(")").length) {
    href = href.slice(0, -1).replace(AFTER, "");
  }
  try {
    const { protocol, hostname } = new URL(href);
    return hostname && /^https?:$/.test(protocol) ? href : null;
  } catch {
    return null;
  }
}

function link(href) {
  const element = make("a", "said-link", href);
  element.href = href;
  element.target = "_blank";
  element.rel = "noopener noreferrer nofollow";
  return element;
}

/** Names may hold spaces: of those that begin here the longest counts. */
function writeNames(parts, text, isHere, isMe) {
  let mine = false;
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const name = IN_NAME.test(text[at - 1] ?? "") ? "" : nameAt(text, at + 1, isHere, isMe);
    if (name) {
      const me = isMe(name.toLowerCase());
      mine ||= me;
      parts.push(text.slice(from, at), make("span", me ? "at-name me" : "at-name", `@${name}`));
      from = at + 1 + name.length;
    }
  }
  parts.push(text.slice(from));
  return mine;
}

function nameAt(text, start, isHere, isMe) {
  for (let end = Math.min(text.length, start + LONGEST_NAME); end > start; end -= 1) {
    const name = text.slice(start, end);
    const known = name.toLowerCase();
    if (!IN_NAME.test(text[end] ?? "") && (isMe(known) || isHere(known))) {
      return name;
    }
  }
  return "";
}
