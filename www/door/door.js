// The secret of a link stands behind its #, which no server sees: it is put into its field, and taken
// from the bar, so that it is in no history. What is typed next has the focus.

const INVITATION = "invitation";

const field = document.querySelector("input[data-fragment]");
const secret = decodeURIComponent(location.hash.slice(1));
if (field && secret) {
  field.value = secret;
  history.replaceState(null, "", location.pathname + location.search);
}

// Who makes an account by one elsewhere has the invitation still when coming back from there.
for (const link of document.querySelectorAll("a[data-provider]")) {
  link.addEventListener("click", () => {
    if (!field?.value) return;
    if (link.origin === location.origin) sessionStorage.setItem(INVITATION, field.value);
    else link.hash = field.value;
  });
}
const invited = document.querySelector("input[data-invitation]");
if (invited) {
  invited.value ||= sessionStorage.getItem(INVITATION) ?? "";
  sessionStorage.removeItem(INVITATION);
}

if (!document.querySelector("[autofocus]")) {
  const typed = [...document.querySelectorAll(".door-card input:not([type=hidden], [readonly])")];
  (typed.find((input) => !input.value) ?? document.querySelector(".door-send"))?.focus();
}
