// A segmented control: a radio group of buttons with a roving tab stop and arrow keys.
// Does not know what its values mean, nor whether the server agrees.

/** `onChoose(value)` for a click or an arrow key; `onLocked()` for either while locked. */
export function createSegments({ group, onChoose, onLocked }) {
  const all = [...group.querySelectorAll("button")];
  let locked = false;
  for (const button of all) {
    // Without JavaScript it sends its form.
    button.type = "button";
  }

  const shown = () => all.filter((button) => !button.hidden);

  function choose(button) {
    if (locked) {
      onLocked();
    } else if (button.getAttribute("aria-checked") !== "true") {
      onChoose(button.value);
    }
  }

  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) {
      choose(button);
    }
  });

  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const buttons = shown();
    const at = buttons.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    let next;
    if (step) {
      next = buttons[(at + step + buttons.length) % buttons.length];
    } else if (event.key === "Home") {
      next = buttons[0];
    } else if (event.key === "End") {
      next = buttons.at(-1);
    } else {
      return;
    }
    event.preventDefault();
    next.focus();
    if (locked) {
      setStop(next);
    }
    choose(next);
  });

  function setStop(stop) {
    for (const button of all) {
      button.tabIndex = button === stop ? 0 : -1;
    }
  }

  return {
    show(value, isLocked) {
      const buttons = shown();
      const chosen = buttons.findIndex((button) => button.value === value);
      group.dataset.count = buttons.length;
      group.dataset.chosen = chosen;
      group.classList.toggle("locked", isLocked);
      for (const button of all) {
        const checked = String(button === buttons[chosen]);
        if (button.getAttribute("aria-checked") !== checked) {
          button.setAttribute("aria-checked", checked);
        }
      }
      if (isLocked !== locked) {
        locked = isLocked;
        group.setAttribute("aria-disabled", locked);
        all.forEach((button) => button.setAttribute("aria-disabled", locked));
      }
      if (!group.contains(document.activeElement)) {
        setStop(buttons[Math.max(0, chosen)]);
      } else if (!locked && chosen >= 0) {
        setStop(buttons[chosen]);
      }
    },
  };
}
