// Everybody who is here, hosts and moderators first. One comes and goes by oneself: the list is not
// built anew.

import { byId, make, makeIcon, setText } from "../../shared/dom.js";
import { word } from "../../shared/words.js";
import { badge, compare } from "./roles.js";

/** `me()` is the own number; `canModerate(person)`, and `onMore(person, button)` for who can. */
export function createPeople({ me, canModerate, onMore }) {
  const list = byId("people-list");
  const all = new Map();
  // By name in small letters: who is mentioned.
  const names = new Map();

  const find = (who) => all.get(who)?.person;

  function row(person) {
    const item = make("li", "person");
    item.dataset.who = person.who;
    const name = make("span", "rest person-name", person.name);
    if (person.who === me()) {
      name.append(make("span", "muted", ` ${word("watch.chat.you")}`));
    }
    item.append(name);
    if (person.hand) {
      const hand = makeIcon("hand");
      hand.removeAttribute("aria-hidden");
      hand.setAttribute("role", "img");
      hand.setAttribute("aria-label", word("watch.stage.hand"));
      item.append(hand);
    }
    const role = badge(person.role);
    if (role) {
      item.append(role);
    }
    if (canModerate(person)) {
      const more = make("button", "button square person-more");
      more.type = "button";
      more.setAttribute("aria-label", word("watch.chat.moderate", { name: person.name }));
      more.setAttribute("aria-haspopup", "menu");
      more.setAttribute("aria-expanded", "false");
      more.append(makeIcon("ellipsis"));
      item.append(more);
    }
    return item;
  }

  /** Where somebody stands among those who are there. */
  function follower(person) {
    const rows = list.children;
    let [from, to] = [0, rows.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (compare(all.get(rows[middle].dataset.who).person, person) < 0) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return rows[from] ?? null;
  }

  function remove(who) {
    const known = all.get(who);
    if (known) {
      known.item.remove();
      all.delete(who);
      names.delete(known.person.name.toLowerCase());
    }
  }

  function add(person) {
    remove(person.who);
    const item = row(person);
    const next = follower(person);
    all.set(person.who, { person, item });
    names.set(person.name.toLowerCase(), person.who);
    list.insertBefore(item, next);
  }

  function showCount() {
    setText(byId("people-count"), all.size ? String(all.size) : "");
  }

  list.addEventListener("click", (event) => {
    const more = event.target.closest(".person-more");
    const person = find(more?.closest(".person").dataset.who);
    if (person) {
      onMore(person, more);
    }
  });

  return {
    reset(people) {
      all.clear();
      names.clear();
      list.replaceChildren();
      const rows = [...people].sort(compare).map((person) => {
        const item = row(person);
        all.set(person.who, { person, item });
        names.set(person.name.toLowerCase(), person.who);
        return item;
      });
      list.append(...rows);
      showCount();
    },
    /** Gives who was not there before. */
    change(joined, left) {
      left.forEach(remove);
      const fresh = joined.filter(({ who }) => !all.has(who));
      joined.forEach(add);
      showCount();
      return fresh;
    },
    find,
    isHere: (name) => names.has(name),
  };
}
