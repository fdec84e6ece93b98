// Stands in each page before all else, so it is no module: says that JavaScript is here, sets the
// theme that was chosen, so that nothing flashes, and starts a page's script after its picture: to
// read and run that takes longer than the first picture is on its way. See theme.js.

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

  var painted = false;
  var started = false;
  function start() {
    var waiting = document.querySelector("link[rel=preload][as=script]");
    // The picture may be there before the end of the page is.
    if (waiting && !started && document.readyState !== "loading") {
      started = true;
      var script = document.createElement("script");
      script.src = waiting.href;
      document.head.append(script);
    }
  }
  function afterPaint(event) {
    if (event.target.id === "picture") {
      requestAnimationFrame(function () {
        painted = true;
        setTimeout(start);
      });
    }
  }
  document.addEventListener("load", afterPaint, true);
  document.addEventListener("error", afterPaint, true);
  document.addEventListener("DOMContentLoaded", function () {
    // Who has paused, or whose source gives nothing, gets no picture; a hidden page paints none.
    setTimeout(start, document.hidden || painted ? 0 : 200);
  });
})();
