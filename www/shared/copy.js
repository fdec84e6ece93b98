// Copies a text and says whether it did. On plain http there is no clipboard API: the old command
// does it there, and where that is refused as well the text is selected for the viewer's own keys.

/** Gives "copied" or "selected". */
export async function copy(text, element) {
  if (navigator.clipboard && isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return "copied";
    } catch {
      // Denied by the viewer or by a policy; the old way may still do.
    }
  }
  const selection = getSelection();
  const range = document.createRange();
  range.selectNodeContents(element);
  selection.removeAllRanges();
  selection.addRange(range);
  try {
    if (document.execCommand("copy")) {
      selection.removeAllRanges();
      return "copied";
    }
  } catch {
    // Some browsers throw instead of answering false.
  }
  return "selected";
}
