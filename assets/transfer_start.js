// ---- start ----
readLink();
link.onShow((tab) => {
  if (tab !== TAB) return clearTimeout(raceTimer);
  if (!state.open) return openTab();
  writeLink();
  redrawSoon();
  follow("");
});
let redrawing = 0;
function redrawSoon() {
  clearTimeout(redrawing);
  redrawing = setTimeout(() => { if (link.tab === TAB && state.open && sizeNow() !== state.drawnAt) drawAll(); }, 60);
}
new ResizeObserver(redrawSoon).observe(root);
