// The list of what was said: in order, each once. It stays at its end unless somebody scrolled up;
// older ones come in above without a jump. Holds what it shows, and no more of it than a browser
// likes. Does not know how messages are sent.

import { byId, make, setText, wantsStillness } from "../../shared/dom.js";
import { word } from "../../shared/words.js";
import { createSaid } from "./said.js";

const MOST = 400;
// So near to its end it is at its end.
const END_PX = 48;
const OLDER_PX = 240;

/**
 * `onOlder(before)` promises `{ messages, more }`; `onFresh(message, mentions)` is told of what is
 * new from others; `context` is that of said.js.
 */
export function createLog({ context, onOlder, onFresh, onReact }) {
  const list = byId("chat-log");
  const jump = byId("chat-jump");
  const empty = byId("chat-empty");
  const all = new Map();
  // Who quotes a message.
  const quoting = new Map();
  let first = Infinity;
  let last = 0;
  let more = false;
  let atEnd = true;
  let missed = 0;
  let loading = false;
  let height = 0;
  let stop = null;
  let joinLine = null;

  const isShown = () => list.clientHeight > 0;

  function toEnd() {
    list.scrollTop = list.scrollHeight;
    atEnd = true;
    showMissed(0);
    fill();
  }

  /** Where there is nothing to scroll, older ones come by themselves. */
  function fill() {
    if (more && isShown() && list.scrollHeight - list.clientHeight < OLDER_PX) {
      loadOlder();
    }
  }

  function showMissed(count) {
    missed = count;
    jump.hidden = count === 0;
    if (count > 0) {
      setText(byId("chat-jump-label"), word("watch.chat.new", { count }));
    }
  }

  /** Changes the list; what is in view stays where it is. */
  function keeping(change) {
    if (!isShown()) {
      change();
      return;
    }
    const seen = atEnd ? null : firstInView();
    const before = seen?.getBoundingClientRect().top;
    change();
    if (atEnd) {
      list.scrollTop = list.scrollHeight;
    } else if (seen?.isConnected) {
      list.scrollTop += seen.getBoundingClientRect().top - before;
    }
  }

  function firstInView() {
    const { top } = list.getBoundingClientRect();
    return [...list.children].find((child) => child.getBoundingClientRect().bottom > top) ?? null;
  }

  function add(message, live) {
    const entry = { message, said: createSaid(message, context), since: live ? Date.now() : message.at };
    all.set(message.seq, entry);
    if (message.reply) {
      const quotes = quoting.get(message.reply) ?? new Set();
      quoting.set(message.reply, quotes.add(message.seq));
      entry.said.showQuote(all.get(message.reply)?.message ?? null);
    }
    tellQuoting(message.seq, message);
    place(entry.said.element, message.seq);
    first = Math.min(first, message.seq);
    last = Math.max(last, message.seq);
    return entry;
  }

  function place(element, seq) {
    let after = list.lastElementChild;
    while (after && !(Number(after.dataset.seq) < seq)) {
      // What only says who came stands where it stood, but at the end.
      if (!after.dataset.seq && seq > last) {
        break;
      }
      after = after.previousElementSibling;
    }
    if (after) {
      after.after(element);
    } else {
      list.prepend(element);
    }
    if (!element.nextElementSibling) {
      joinLine = null;
    }
  }

  function remove(seq) {
    const entry = all.get(seq);
    if (!entry) {
      return;
    }
    const { element } = entry.said;
    if (stop === entry.said) {
      const next = element.nextElementSibling ?? element.previousElementSibling;
      const held = element.contains(document.activeElement);
      stop = null;
      setStop(entryOf(next));
      if (held) {
        (stop?.element ?? list).focus({ preventScroll: true });
      }
    }
    element.remove();
    all.delete(seq);
    quoting.get(entry.message.reply)?.delete(seq);
    tellQuoting(seq, null);
  }

  function tellQuoting(seq, message) {
    for (const quote of quoting.get(seq) ?? []) {
      all.get(quote)?.said.showQuote(message);
    }
  }

  /** Only what nobody looks at is let go: at the end, what is far above it. */
  function trim() {
    if (!atEnd || all.size <= MOST) {
      return;
    }
    while (all.size > MOST) {
      const oldest = list.firstElementChild;
      if (oldest.dataset.seq) {
        remove(Number(oldest.dataset.seq));
        more = true;
      } else {
        oldest.remove();
      }
    }
    first = Number(list.querySelector(".said")?.dataset.seq ?? Infinity);
  }

  function take(messages, live) {
    keeping(() => {
      for (const message of messages) {
        const known = all.get(message.seq);
        if (message.gone) {
          remove(message.seq);
        } else if (known) {
          known.message = message;
          known.said.show(message);
          tellQuoting(message.seq, message);
        } else if (message.seq > first || !more || all.size === 0) {
          const isNew = live && message.seq > last;
          const isMine = message.who !== undefined && message.who === context.me();
          const { said } = add(message, live);
          // Who says something sees it.
          atEnd ||= isNew && isMine;
          if (isNew && !isMine) {
            const mentions = said.mentions || all.get(message.reply)?.message.who === context.me();
            said.element.classList.toggle("mention", Boolean(mentions));
            if (!atEnd && isShown()) {
              showMissed(missed + 1);
            }
            onFresh(message, Boolean(mentions));
          }
        }
      }
      trim();
    });
    empty.hidden = list.childElementCount > 0;
  }

  async function loadOlder() {
    if (loading || !more || !isShown() || first === Infinity) {
      return;
    }
    loading = true;
    let goesOn = false;
    try {
      const answer = await onOlder(first);
      more = answer.more && answer.messages.length > 0;
      // Old news are not read out.
      list.setAttribute("aria-busy", "true");
      const known = answer.messages.filter(({ seq, gone }) => !gone && !all.has(seq));
      keeping(() => known.forEach((message) => add(message, false)));
      first = Math.min(first, ...answer.messages.map(({ seq }) => seq));
      goesOn = known.length === 0;
    } catch {
      // The next turn of the wheel tries again.
      return;
    } finally {
      list.removeAttribute("aria-busy");
      loading = false;
    }
    if (goesOn && more) {
      loadOlder();
    } else {
      fill();
    }
  }

  const entryOf = (element) => all.get(Number(element?.closest(".said")?.dataset.seq))?.said ?? null;

  function setStop(said) {
    if (said && said !== stop) {
      stop?.setStop(false);
      stop = said;
      stop.setStop(true);
    }
    list.tabIndex = stop ? -1 : 0;
  }

  function scrollTo(seq) {
    const said = all.get(seq)?.said;
    if (said) {
      said.element.scrollIntoView({ block: "center", behavior: wantsStillness() ? "instant" : "smooth" });
      setStop(said);
      said.element.focus({ preventScroll: true });
    }
  }

  list.addEventListener("scroll", () => {
    // What another height moved is put right below.
    if (isShown() && list.clientHeight === height) {
      atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < END_PX;
      if (atEnd && missed) {
        showMissed(0);
      }
      if (list.scrollTop < OLDER_PX) {
        loadOlder();
      }
    }
  }, { passive: true });
  new ResizeObserver(() => {
    height = list.clientHeight;
    if (isShown() && atEnd) {
      toEnd();
    }
  }).observe(list);
  jump.addEventListener("click", () => {
    toEnd();
    setStop(entryOf(list.lastElementChild));
  });

  list.addEventListener("focusin", (event) => setStop(entryOf(event.target)));
  list.addEventListener("focus", () => entryOf([...list.querySelectorAll(".said")].at(-1))?.element.focus());
  list.addEventListener("keydown", (event) => {
    const said = entryOf(event.target);
    if (!said || event.target !== said.element || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const rows = [...list.querySelectorAll(".said")];
    const at = rows.indexOf(said.element);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      rows[Math.min(rows.length - 1, Math.max(0, to))].focus();
    }
  });
  list.addEventListener("click", (event) => {
    const quote = event.target.closest(".quote");
    const chip = event.target.closest(".chip");
    if (quote) {
      scrollTo(Number(quote.dataset.to));
    } else if (chip) {
      const { seq } = chip.closest(".said").dataset;
      onReact(Number(seq), chip.dataset.emoji, chip.getAttribute("aria-pressed") !== "true");
    }
  });

  return {
    /** All that was known is forgotten. */
    reset(messages, hasMore) {
      list.setAttribute("aria-busy", "true");
      list.replaceChildren();
      all.clear();
      quoting.clear();
      [first, last, more, atEnd, stop, joinLine] = [Infinity, 0, false, true, null, null];
      list.tabIndex = 0;
      take(messages, false);
      more = hasMore;
      showMissed(0);
      list.removeAttribute("aria-busy");
      fill();
    },
    /** New ones, and old ones that changed. */
    take: (messages) => take(messages, true),
    /** Who came: in one line, as long as nobody says anything. */
    addJoined(names) {
      keeping(() => {
        if (!joinLine?.element.isConnected) {
          joinLine = { names: [], element: make("p", "joined muted") };
          joinLine.element.setAttribute("aria-live", "off");
          list.append(joinLine.element);
        }
        joinLine.names.push(...names);
        setText(joinLine.element, joinedWords(joinLine.names));
        trim();
      });
      empty.hidden = true;
    },
    get: (seq) => all.get(seq)?.message,
    /** When it was said, by this machine's clock. */
    since: (seq) => all.get(seq)?.since ?? 0,
    get last() {
      return last;
    },
    get lastOfMine() {
      return [...all.values()].map(({ message }) => message).filter(({ who }) => who === context.me()).sort((a, b) => b.seq - a.seq)[0];
    },
    get isAtEnd() {
      return atEnd;
    },
    toEnd,
    scrollTo,
  };
}

function joinedWords(names) {
  const [name, other] = names;
  if (names.length === 1) {
    return word("watch.chat.joined", { name });
  }
  return names.length === 2
    ? word("watch.chat.joined-two", { name, other })
    : word("watch.chat.joined-others", { name, count: names.length - 1 });
}
