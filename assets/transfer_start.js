// ---- start ----
readLink();
link.onShow((tab) => {
  if (tab !== TAB) return clearTimeout(raceTimer);
  if (!state.open) return openTab();
  writeLink();
  redrawSoon();
  follow("");
});
let redrawing = 0, drawnAt = "";
// Charts are drawn for the width that they have and in the size of the page's type.
function redrawSoon() {
  clearTimeout(redrawing);
  redrawing = setTimeout(() => {
    const now = `${root.clientWidth} ${rem()}`;
    if (link.tab !== TAB || !state.open || now === drawnAt) return;
    drawnAt = now;
    drawAll();
  }, 60);
}
new ResizeObserver(redrawSoon).observe(root);
