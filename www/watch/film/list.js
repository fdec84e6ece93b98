// The films of a room in their order: everybody sees them, a host changes them for all.

import { byId, make, makeIcon } from "../../shared/dom.js";
import { isOutside } from "../../shared/place.js";
import { word } from "../../shared/words.js";

/** `act(fields)` sends what a host wants. */
export function createList({ commands, act }) {
  const dialog = byId("film-dialog");
  const repeat = byId("film-repeat");
  let section = null;
  let drawn = "";

  const ids = () => section.list.map(({ film }) => film);

  function move(film, by) {
    const order = ids().filter((other) => other !== film);
    order.splice(ids().indexOf(film) + by, 0, film);
    act({ list: order });
  }

  function button(icon, label, onClick) {
    const made = make("button", "button square");
    made.type = "button";
    made.append(makeIcon(icon));
    made.setAttribute("aria-label", label);
    made.dataset.act = icon;
    made.addEventListener("click", onClick);
    return made;
  }

  function row({ film, name, trouble }, buttons) {
    const item = make("li", "film-row");
    item.dataset.film = film;
    const words = make("div", "rest");
    words.append(make("p", "film-row-name", name));
    if (trouble) {
      words.append(make("p", "muted", trouble));
    }
    item.append(words, ...buttons);
    return item;
  }

  function ofList(entry, place) {
    const { film, name } = entry;
    const isPlaying = section.plays?.film === film;
    const item = row(entry, commands ? [
      button("play", word("watch.film.list.play", { name }), () => act({ film, paused: false })),
      button("chevron-up", word("watch.film.list.up", { name }), () => move(film, -1)),
      button("chevron-down", word("watch.film.list.down", { name }), () => move(film, 1)),
      button("x", word("watch.film.list.remove", { name }), () => act({ list: ids().filter((other) => other !== film) })),
    ] : []);
    item.classList.toggle("playing", isPlaying);
    if (isPlaying) {
      item.setAttribute("aria-current", "true");
    }
    if (commands) {
      item.children[2].disabled = place === 0;
      item.children[3].disabled = place === section.list.length - 1;
    }
    return item;
  }

  const ofOthers = (entry) => row(entry, commands && !entry.trouble ? [
    button("plus", word("watch.film.list.add", { name: entry.name }), () => act({ list: [...ids(), entry.film] })),
  ] : []);

  function show() {
    const { list, others } = section;
    // Who is about to press one of its buttons keeps it.
    const now = JSON.stringify([list, others, section.plays?.film]);
    if (now !== drawn) {
      drawn = now;
      const { activeElement: focused } = document;
      const [film, kind] = [focused?.closest?.(".film-row")?.dataset.film, focused?.dataset?.act];
      byId("film-list").replaceChildren(...list.map(ofList));
      byId("film-others").replaceChildren(...others.map(ofOthers));
      const again = film && dialog.querySelector(`[data-film="${film}"] [data-act="${kind}"]:not(:disabled)`);
      again?.focus();
    }
    byId("film-empty").hidden = list.length > 0;
    byId("film-others-part").hidden = others.length === 0;
    repeat.checked = section.repeat;
    repeat.disabled = !commands;
  }

  repeat.addEventListener("change", () => act({ repeat: repeat.checked }));
  byId("film-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isOutside(event, dialog)) {
      dialog.close();
    }
  });
  const open = () => dialog.open || dialog.showModal();
  byId("film-list-open").addEventListener("click", open);

  return {
    show(next) {
      section = next;
      show();
    },
    open,
  };
}
