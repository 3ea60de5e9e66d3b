// ---- start ----
readLink();
link.onShow((tab, photo) => {
  if (tab !== TAB) return clearTimeout(judgeTimer);
  const other = photo !== state.photo;
  state.photo = photo;
  if (!state.open) return openTab();
  writeLink();
  if (other) showPhoto();
  watchJudging();
});
