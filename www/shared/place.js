// Where things are: addresses on the network, and points on the page.

const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether a host names the machine that asks, whichever that is. */
export const isLocal = (host) => LOCAL.test(host);

/** The backdrop's clicks arrive at the dialog; its own padding is inside. */
export function isOutside(event, dialog) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
}
