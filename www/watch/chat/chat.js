// The chat: who is in it, and which part hears of what. Its parts know none of the others.

import { byId } from "../../shared/dom.js";
import { tell } from "../../shared/announce.js";
import { word } from "../../shared/words.js";
import { createAbout } from "./about.js";
import { createBell } from "./bell.js";
import { createComposer } from "./composer.js";
import { EMOJI } from "./emoji.js";
import { createEntry } from "./entry.js";
import { followKeyboard } from "./keyboard.js";
import { createLog } from "./log.js";
import { createModeration } from "./moderation.js";
import { createPanel } from "./panel.js";
import { createPeople } from "./people.js";
import { createPopup } from "./popup.js";
import { createStage } from "./stage.js";
import { createTools } from "./tools.js";

const OWN_FOR_MS = 300_000;
const KICKED_S = 60;
// The status of a server that has too much to do just now.
const BUSY = 503;
const BUSY_S = 5;

/** `ask(type, fields)` sends by the socket, and fails without one. */
export function createChat({ ask }) {
  const side = byId("side");
  const hasAccount = "member" in side.dataset;
  let connected = false;
  // Somebody opened the chat: from then on the page is in it.
  let wanted = false;
  let entered = false;
  let entering = false;
  let me = null;
  let may = [];
  let rules = null;
  let n = 0;
  let name = "";
  let kicked = false;
  // Somebody opened the chat to write.
  let focusSoon = false;

  const isMine = (message) => message.who !== undefined && message.who === me?.who;
  // After the server's restart a guest has another number, and is known by the name alone.
  const mayBeMine = (message) => isMine(message) || (message.name !== undefined && message.name === me?.name);
  const canTalk = () => entered && may.includes("talk") && !(rules?.members_only && me.role === "guest");
  const moderates = () => entered && may.includes("moderate");
  const canModerate = (person) => moderates() && Boolean(person.who) && person.role !== "host" && person.who !== me.who;
  const isFresh = (seq) => Date.now() - log.since(seq) < OWN_FOR_MS;

  const popup = createPopup();
  const people = createPeople({
    me: () => me?.who,
    canModerate,
    onMore: (person, button) => popup.show(button, word("watch.chat.moderate", { name: person.name }), [...stage.items(person), ...moderation.items(person)]),
  });
  const log = createLog({
    context: {
      me: () => me?.who,
      isHere: people.isHere,
      isMe: (known) => known === me?.name.toLowerCase(),
      nameOf: (who) => (who === me?.who ? me.name : people.find(who)?.name),
    },
    onOlder: (before) => ask("history", { before }),
    onFresh(message, mentions) {
      panel.count(mentions);
      if (mentions) {
        bell.ring(message);
      }
    },
    onReact: react,
  });
  const composer = createComposer({
    isReady: () => entered && connected,
    lastSeq: () => log.last,
    lastOfMine() {
      const message = log.lastOfMine;
      return message && isFresh(message.seq) ? message : null;
    },
    send({ text, reply, edit }) {
      return edit ? ask("edit", { seq: edit, text }) : ask("say", reply ? { text, reply } : { text });
    },
  });
  const entry = createEntry({ onEnter: enter, onAgain: () => enter(name) });
  const moderation = createModeration({
    act: (type, fields, done) => act(type, fields, done).then(() => type === "ban" && about.refreshBans()),
  });
  const about = createAbout({ send: ask });
  const stage = createStage({ act });
  createTools({
    canTalk,
    hasMore: (seq) => itemsFor(seq).length > 0,
    onReact: (seq, button) => popup.show(button, word("watch.chat.react"), EMOJI.map(([sign, words]) => ({
      sign,
      words,
      act: () => react(seq, sign, !hasReacted(seq, sign)),
    }))),
    onReply: (seq) => composer.reply(log.get(seq)),
    onMore: (seq, button) => popup.show(button, word("watch.chat.more"), itemsFor(seq)),
  });
  const bell = createBell({
    onOpen(seq) {
      panel.open();
      panel.select("chat");
      log.scrollTo(seq);
    },
  });
  const panel = createPanel({
    onSeen(tab) {
      about.setSeen(tab === "about");
      if (tab === "chat") {
        log.toEnd();
      }
    },
    onOpen(byPerson) {
      wanted = true;
      // On a touch screen the keyboard would come with it.
      focusSoon = byPerson && !matchMedia("(pointer: coarse)").matches;
      begin();
    },
  });
  followKeyboard();

  /** Enters if there is a connection and a name; else asks for one. */
  function begin() {
    if (!wanted || entered || entering || kicked || (side.hidden && !me)) {
      show();
      return;
    }
    name ||= entry.name;
    if (!hasAccount && !name) {
      entry.ask("");
    } else if (connected && !entry.isAsking) {
      enter(name);
    }
    show();
  }

  const knock = () => ({ ...(hasAccount ? {} : { name }), ...(n ? { after: n } : {}) });

  async function enter(as) {
    name = as;
    kicked = false;
    if (!connected) {
      // It is entered as soon as there is one.
      entry.tell(word("watch.chat.no-connection"), 0);
      show();
      return;
    }
    entering = true;
    show();
    try {
      const { chat } = await ask("enter", knock());
      entering = false;
      take(chat);
    } catch (failure) {
      entering = false;
      refuse(failure);
    }
    show();
  }

  function take(chat) {
    entered = true;
    const held = entry.isAsking && byId("chat-entry").contains(document.activeElement);
    entry.clear();
    if (!hasAccount) {
      entry.keep(name);
    }
    me = chat.you;
    may = chat.may;
    people.reset(chat.people);
    stage.showRights(may, true);
    stage.showHand(Boolean(chat.people.find(({ who }) => who === me.who)?.hand));
    takeRules(chat.rules);
    if (chat.whole) {
      n = 0;
      log.reset(chat.messages, chat.more);
      chat.messages.filter(mayBeMine).forEach(composer.heard);
    } else {
      hear(chat.messages);
    }
    n = Math.max(n, chat.n);
    show();
    if (held) {
      composer.focus();
    }
  }

  function refuse(failure) {
    if (failure.kind !== "refused") {
      // The connection comes back and enters again.
      entry.clear();
      if (connected) {
        entry.tell(failure.message, 0);
      }
    } else if (failure.field === "name" && hasAccount) {
      // Signed out, as whoever has other rights than before: the page is a guest's from now on.
      location.reload();
    } else if (failure.field === "name") {
      entry.ask(name, failure.message);
      entry.focus();
    } else if (failure.status === BUSY) {
      // Nobody is to press a button for what passes by itself.
      const waitS = failure.waitS ?? BUSY_S;
      entry.tell(failure.message, waitS);
      setTimeout(begin, waitS * 1000);
    } else {
      kicked = true;
      entry.tell(failure.message, failure.waitS ?? 0);
    }
  }

  function hear(messages) {
    for (const message of messages) {
      if (message.gone) {
        composer.gone(message.seq);
      } else if (mayBeMine(message)) {
        composer.heard(message);
      }
    }
    log.take(messages);
  }

  function takeRules(next) {
    // Moderators alone are told the words, and not each time.
    rules = { words: rules?.words, ...next };
    composer.showRules(rules);
    about.showRules(rules, moderates());
  }

  const messages = {
    chat(message) {
      n = Math.max(n, message.n);
      hear(message.messages);
    },
    people({ joined = [], left = [] }) {
      const fresh = people.change(joined, left).filter(({ who }) => who !== me.who);
      if (fresh.length > 0) {
        log.addJoined(fresh.map((person) => person.name));
      }
      const mine = joined.find(({ who }) => who === me.who);
      if (mine) {
        stage.showHand(Boolean(mine.hand));
      }
      for (const person of joined.filter(({ hand, who }) => hand && who !== me.who)) {
        if (moderates()) {
          tell(word("watch.stage.asks", { name: person.name }));
        }
      }
      if (mine && (mine.role !== me.role || mine.name !== me.name)) {
        learnRights();
      }
    },
    rules(message) {
      takeRules(message.rules);
      show();
    },
    stage({ key }) {
      stage.admit(key);
    },
    muted({ seconds }) {
      composer.setMuted(seconds);
    },
    left({ why }) {
      entered = false;
      stage.showRights(may, false);
      if (why === "kicked") {
        kicked = true;
        entry.tell(word("watch.chat.kicked"), KICKED_S);
        show();
      } else {
        begin();
      }
    },
  };

  /** What one may do is said at the door. Who is not let in again stays as before. */
  async function learnRights() {
    try {
      const { chat } = await ask("enter", knock());
      take(chat);
    } catch {
      // The next connection tells.
    }
  }

  function hasReacted(seq, emoji) {
    const reaction = log.get(seq)?.reactions?.find((one) => one.emoji === emoji);
    return Boolean(reaction?.who.includes(me.who));
  }

  function react(seq, emoji, on) {
    if (canTalk()) {
      act("react", { seq, emoji, on });
    }
  }

  async function act(type, fields, done) {
    try {
      await ask(type, fields);
      if (done) {
        tell(done);
      }
    } catch (failure) {
      tell(failure.message);
    }
  }

  function itemsFor(seq) {
    const message = log.get(seq);
    if (!message || !entered) {
      return [];
    }
    const items = [];
    const deletes = { icon: "trash-2", words: word("watch.chat.delete"), act: () => act("delete", { seq }) };
    if (isMine(message)) {
      if (isFresh(seq)) {
        items.push({ icon: "pencil", words: word("watch.chat.edit"), act: () => composer.edit(log.get(seq)) }, deletes);
      } else if (moderates()) {
        items.push(deletes);
      }
    } else if (moderates()) {
      // Somebody may be another by now than when it was said.
      const person = people.find(message.who) ?? message;
      items.push(...(message.role === "host" || person.role === "host" ? [] : [deletes]), ...(canModerate(person) ? moderation.items(person) : []));
    }
    return items;
  }

  function show() {
    const form = byId("chat-form");
    const isIn = entered || (me && !entry.isAsking && !kicked);
    form.hidden = !isIn || (entered && !canTalk());
    byId("chat-silent").hidden = !entered || canTalk();
    byId("chat-state").hidden = !wanted || connected || entry.isAsking;
    byId("chat-opening").hidden = !entering || me !== null;
    byId("chat-empty").hidden = !entered || log.last > 0 || byId("chat-log").childElementCount > 0;
    byId("chat-strangers").hidden = !entry.isAsking || me !== null;
    if (focusSoon && (entry.isAsking || !form.hidden)) {
      focusSoon = false;
      (entry.isAsking ? entry : composer).focus();
    }
  }

  panel.restore();
  return {
    toggle: panel.toggle,
    showRoom(told) {
      about.showRoom(told);
      stage.showSource(told.source);
    },
    /** There is a connection; whoever was in it enters it again. */
    setConnected(isConnected) {
      connected = isConnected;
      entered = false;
      entering = false;
      if (connected && wanted && !kicked && !entry.isAsking) {
        entry.clear();
      }
      begin();
    },
    hear(message) {
      if (entered) {
        messages[message.type]?.(message);
      }
    },
    /** Whether the page goes on listening when nobody sees it. */
    get listens() {
      return entered && bell.isOn;
    },
    get holds() {
      return popup.open;
    },
  };
}
