// Small words for the document. Knows nothing of streams.

export const byId = (id) => document.getElementById(id);

// The sprite stands in each page, so that icons are there also when the server is not.
const iconOf = (name) => `#i-${name}`;

/** Points an icon's <use> at another symbol of the sprite. */
export function setIcon(use, name) {
  const href = iconOf(name);
  if (use.getAttribute("href") !== href) {
    use.setAttribute("href", href);
  }
}

export function makeIcon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", iconOf(name));
  svg.append(use);
  return svg;
}

/** Makes an element with a class and text; text is never read as HTML. */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) {
    element.className = className;
  }
  if (text !== undefined) {
    element.textContent = text;
  }
  return element;
}

/** Sets text only if it differs, so that readers and layout are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, value);
  }
}

/** Reads a colour, size or time of tokens.css as it stands now. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Reads a time of tokens.css in milliseconds. */
export function tokenMs(name) {
  const text = token(name);
  const number = parseFloat(text) || 0;
  return text.endsWith("ms") ? number : number * 1000;
}

export const wantsStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
