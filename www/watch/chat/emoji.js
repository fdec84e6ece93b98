// The reactions that are offered, each with its word for readers.

import { word } from "../../shared/words.js";

export const EMOJI = [
  ["👍", word("watch.chat.emoji.thumbs-up")],
  ["❤\u{fe0f}", word("watch.chat.emoji.heart")],
  ["😂", word("watch.chat.emoji.laughing")],
  ["🎉", word("watch.chat.emoji.party")],
  ["😮", word("watch.chat.emoji.surprised")],
  ["😢", word("watch.chat.emoji.sad")],
  ["🙏", word("watch.chat.emoji.thanks")],
  ["👏", word("watch.chat.emoji.applause")],
  ["🔥", word("watch.chat.emoji.fire")],
  ["👀", word("watch.chat.emoji.eyes")],
  ["🤔", word("watch.chat.emoji.thinking")],
  ["👎", word("watch.chat.emoji.thumbs-down")],
];
