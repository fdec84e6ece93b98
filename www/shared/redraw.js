// Draws a part of the page anew as the server has it now: the server alone draws it, the script only asks.

/** The part of this id, of the page at an address; rejects if it cannot be had. */
export async function fetchPart(address, id) {
  const answer = await fetch(address, { cache: "no-store", headers: { Accept: "text/html" } });
  if (!answer.ok) {
    throw new Error(String(answer.status));
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById(id);
}

/** What tells a thing in a list from others, whatever else of it changes. */
const keyOf = (element) => element.dataset?.id;

/**
 * Puts what stands in `fresh` into `old`, and leaves in place what is the same: focus, open details and
 * pictures stay as they are.
 */
export function redraw(old, fresh) {
  const known = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
  const wanted = [...fresh.children].map((child) => {
    const same = known.get(keyOf(child));
    if (!same) {
      return document.importNode(child, true);
    }
    if (same.outerHTML !== child.outerHTML) {
      update(same, child);
    }
    return same;
  });
  if (wanted.length !== old.children.length || wanted.some((child, at) => child !== old.children[at])) {
    old.replaceChildren(...wanted);
  }
}

function update(old, fresh) {
  const open = old.querySelector("details")?.open;
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.do : null;
  for (const { name, value } of fresh.attributes) {
    old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name)) {
      old.removeAttribute(name);
    }
  }
  old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  const details = old.querySelector("details");
  if (details && open) {
    details.open = true;
  }
  if (focused) {
    old.querySelector(`[data-do="${focused}"]`)?.focus();
  }
}
