// What the map below shows, and which word was picked on it. The map itself is the linked map of visualize/widgets/linked_map.py.
const onMap = { words: [], turn: 0 };
watch("mapped", () => {
  const told = props.mapped;
  if (!told) return;
  if (told.words) onMap.words = told.words;
  say(".map-note", told.message || told.working);
  part(".map-note").classList.toggle("wrong", Boolean(told.message));
});
watch("picked", () => {
  const told = props.picked;
  if (!told || told.turn === onMap.turn) return;
  onMap.turn = told.turn;
  choose(told.word);
});
part('[data-do="map"]').addEventListener("click", () => {
  const index = onMap.words.indexOf(state.word), there = document.getElementById("word-map");
  say(".map-note", index < 0 ? `“${state.word}” is not among the words that the map shows: choose more words.` : "");
  if (index >= 0) document.dispatchEvent(new CustomEvent("lab:fly", { detail: { map: "words", index } }));
  if (there) there.scrollIntoView({ block: "center" });
});
