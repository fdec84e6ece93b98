// The dialog that brings this page to another device: its address, large enough to read across a
// room, and as a QR code.

import { byId, setAttribute, tokenMs } from "../shared/dom.js";
import { copy } from "../shared/copy.js";
import { isLocal, isOutside } from "../shared/place.js";
import { say } from "../shared/announce.js";
import { word } from "../shared/words.js";

/** `state()` gives the newest state, for the addresses that the server has. */
export function createInvite({ state }) {
  const dialog = byId("invite-dialog");
  const label = byId("invite-copy").querySelector(".copy-label");
  const shareButton = byId("invite-share");
  shareButton.hidden = !navigator.share;

  /** The page as other devices reach it; none, if this machine is on no network. */
  function address() {
    const here = new URL(".", location).href;
    if (!isLocal(location.hostname)) {
      return here;
    }
    const { server, room } = state() ?? {};
    const pages = (server?.addresses ?? []).map((base) => new URL(room?.path ?? "/", base));
    return pages.find((page) => !isLocal(page.hostname))?.href ?? null;
  }

  function open() {
    const shown = address();
    byId("invite-address").textContent = shown ?? new URL(".", location).href;
    const qr = byId("invite-qr");
    qr.hidden = !shown;
    if (shown) {
      setAttribute(qr, "src", "qr.svg");
    }
    const note = byId("invite-note");
    note.hidden = Boolean(shown);
    note.textContent = word("watch.invite.no-network");
    if (!dialog.open) {
      dialog.showModal();
    }
  }

  byId("invite").addEventListener("click", open);
  byId("invite-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isOutside(event, dialog)) {
      dialog.close();
    }
  });
  byId("invite-copy").addEventListener("click", async () => {
    const element = byId("invite-address");
    const result = await copy(element.textContent, element);
    const words = result === "copied" ? word("shared.copied") : word("shared.selected");
    say(words);
    label.textContent = words;
    setTimeout(() => {
      label.textContent = word("shared.copy");
    }, tokenMs("--copied-for"));
  });
  shareButton.addEventListener("click", () =>
    navigator.share({ title: document.title, url: byId("invite-address").textContent }).catch(() => {}),
  );
  return { open };
}
