// For browsers that tell nobody but the page what goes wrong in it; run after probe.js.

probe.complaints = [];
addEventListener("error", (event) => {
  // A picture that does not come is no error of a script.
  if (event instanceof ErrorEvent) probe.complaints.push(`${event.message} ${event.filename}`);
});
addEventListener("unhandledrejection", (event) => probe.complaints.push(String(event.reason)));
for (const level of ["debug", "log", "info", "warn", "error"]) {
  console[level] = (...words) => probe.complaints.push(words.join(" "));
}
if (globalThis.ReportingObserver) {
  // Buffered: also what was before this was run.
  new ReportingObserver(
    (reports) => probe.complaints.push(...reports.map((report) => JSON.stringify(report))),
    { types: ["csp-violation"], buffered: true },
  ).observe();
}
