// What the server does to this viewer's picture: a dialog of boxes, each of which holds at once.
// Which words there are the boxes say; what they come to together the server does.

import { tell } from "../shared/announce.js";
import { byId, setText } from "../shared/dom.js";
import { isOutside } from "../shared/place.js";
import { word } from "../shared/words.js";

const NONE = "none";
const REFUSED = {
  full: word("watch.filters.refused-full"),
  address: word("watch.filters.refused-address"),
};

/** Whether a filter stands the picture on its side. */
export const isAcross = (filter) => listOf(filter).some((name) => name === "turn90" || name === "turn270");

export function createFilters({ settings }) {
  const dialog = byId("filters-dialog");
  const form = byId("filters-form");
  const link = byId("snapshot");
  const refused = byId("filters-refused");
  let filter = NONE;
  let said = null;

  const choose = (list) => settings.set("filter", list.join(",") || NONE);

  function open() {
    if (!dialog.open) {
      dialog.showModal();
    }
  }

  /** Mirrors what is seen: the last of the turns. */
  function toggleMirror() {
    const list = listOf(filter);
    const turned = list.some((name) => name.startsWith("turn") || name === "flip");
    choose(list.includes("mirror") && !turned ? list.filter((name) => name !== "mirror") : [...list, "mirror"]);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => choose(new FormData(form).getAll("filter").filter(Boolean)));
  byId("filters-none").addEventListener("click", () => choose([]));
  byId("filters-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isOutside(event, dialog)) {
      dialog.close();
    }
  });
  byId("menu-filters").addEventListener("click", open);
  byId("menu-mirror").addEventListener("click", toggleMirror);

  return {
    open,
    toggleMirror,
    /** The query with which a picture looks as this viewer has it. */
    query: () => (filter === NONE ? "" : `?filter=${filter}`),
    show(viewer) {
      filter = viewer.filter;
      const list = listOf(filter);
      for (const box of form.querySelectorAll("input[type=checkbox]")) {
        box.checked = list.includes(box.value);
      }
      for (const choice of form.querySelectorAll("select")) {
        choice.value = [...choice.options].map((option) => option.value).find((name) => list.includes(name)) ?? "";
      }
      byId("menu-mirror").ariaChecked = String(list.includes("mirror"));
      byId("filters-none").disabled = filter === NONE;
      link.href = `snapshot${this.query()}`;
      const why = REFUSED[viewer.filter_refused] ?? "";
      refused.hidden = !why;
      setText(byId("filters-refused-words"), why);
      if (why && why !== said) {
        tell(why);
      }
      said = why;
    },
  };
}

function listOf(filter) {
  return filter === NONE ? [] : filter.split(",");
}
