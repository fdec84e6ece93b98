// Cancels a job, or has it tried again, when its button is pressed.

/** `place` holds rows of jobs; `onDone(sentence)` is told when it is done, or why not. */
export function createWork({ place, jobs, onDone }) {
  place.addEventListener("click", async ({ target }) => {
    const button = target.closest(".job [data-do]");
    if (!button) {
      return;
    }
    const address = `${jobs}/${button.closest(".job").dataset.id}`;
    const isCancel = button.dataset.do === "cancel";
    button.disabled = true;
    try {
      const answer = await fetch(isCancel ? address : `${address}/retry`, {
        method: isCancel ? "DELETE" : "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json" },
      });
      onDone(answer.ok ? "" : ((await answer.json().catch(() => ({}))).detail ?? String(answer.status)));
    } catch {
      onDone(null);
    }
    button.disabled = false;
  });
}
