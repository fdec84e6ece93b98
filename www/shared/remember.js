// What this browser remembers of the page (plots open, mirror, theme). Where storage is forbidden
// everything works and nothing is kept. Settings of the stream are the server's, not kept here.

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Private windows and full disks refuse; the choice lasts until the page closes.
  }
}

export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
