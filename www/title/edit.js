// The dialogs in which a title is changed and deleted by who may.

import { createDialog } from "../shared/components.js";
import { byId, setText } from "../shared/dom.js";
import { shrink } from "../shared/shrink.js";
import { word } from "../shared/words.js";

async function send(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: body && JSON.stringify(body),
  }).catch(() => null);
  if (!answer) {
    throw new Error(word("shared.offline"));
  }
  if (!answer.ok) {
    const { detail } = await answer.json().catch(() => ({}));
    throw new Error(detail ?? word("shared.refused", { status: answer.status }));
  }
}

function wrong(element, sentence) {
  element.hidden = !sentence;
  setText(element, sentence);
}

const said = (form) => ({
  title: form.title.value,
  description: form.description.value,
  director: form.director.value,
  year: form.year.value ? Number(form.year.value) : null,
  tags: form.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean),
  watch: form.watch.value,
});

async function save(address, form, decrypted) {
  await send("POST", address, said(form));
  const [picture] = form.poster.files;
  if (picture) {
    const jpeg = await shrink(picture).catch(() => {
      throw new Error(word("title.edit.poster-unread"));
    });
    await send("POST", `${address}/poster`, { jpeg });
  } else if (form["no-poster"]?.checked) {
    await send("POST", `${address}/poster`, { jpeg: "" });
  }
  if (form.decrypts && form.decrypts.checked !== decrypted) {
    await send("POST", `${address}/decrypts`, { decrypts: form.decrypts.checked });
  }
}

/** `onDelete(isUnderWay)` when it is asked for, and again if it was refused. */
export function createEdit(state, { onDelete }) {
  const address = `../api/v1/titles/${state.id}`;
  const form = byId("edit-form").elements;
  const decrypted = form.decrypts?.checked;
  createDialog(byId("edit-dialog"), [byId("edit")]);
  createDialog(byId("delete-dialog"), [byId("delete")]);
  byId("edit-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("edit-save").disabled = true;
    wrong(byId("edit-error"), "");
    try {
      await save(address, form, decrypted);
      location.reload();
    } catch ({ message }) {
      wrong(byId("edit-error"), message);
    }
    byId("edit-save").disabled = false;
  });
  byId("delete-now").addEventListener("click", async () => {
    byId("delete-now").disabled = true;
    onDelete(true);
    try {
      await send("DELETE", address);
      location.replace("../library");
    } catch ({ message }) {
      onDelete(false);
      wrong(byId("delete-error"), message);
    }
    byId("delete-now").disabled = false;
  });
}
