// The secret of a link stands behind its #, which no server sees: it is put into its field, and taken
// from the bar, so that it is in no history. What is typed next has the focus.

const field = document.querySelector("input[data-fragment]");
const secret = decodeURIComponent(location.hash.slice(1));
if (field && secret) {
  field.value = secret;
  history.replaceState(null, "", location.pathname + location.search);
}
if (!document.querySelector("[autofocus]")) {
  const typed = [...document.querySelectorAll(".door-card input:not([type=hidden], [readonly])")];
  (typed.find((input) => !input.value) ?? document.querySelector(".door-send"))?.focus();
}
