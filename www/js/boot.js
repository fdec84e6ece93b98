// Runs before the first paint, so it is no module: says that JavaScript is here, and sets the
// theme that was chosen, so that nothing flashes. Does not know the page; see theme.js.

(function () {
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") {
      root.dataset.theme = theme;
    }
  } catch (refused) {
    // Storage may be forbidden; the system's theme then stands.
  }
})();
