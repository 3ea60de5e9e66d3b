// What the map below shows, and which word was picked on it. The map itself is the linked map of visualize/widgets/linked_map.py.
// turn and client: which question of which open page it is, so that Python ends the work on an older one
const onMap = { words: [], turn: 0, client: Math.random().toString(36).slice(2), stopped: false };
const drawing = part(".drawing"), drawButton = part('[data-do="draw"]');
watch("mapped", () => {
  const told = props.mapped;
  if (!told) return;
  if (told.words) onMap.words = told.words;
  if (told.turn !== onMap.turn || onMap.stopped) return; // what is still on its way tells of work that ends
  say(".map-note", told.message);
  part(".map-note").classList.toggle("wrong", Boolean(told.message));
  drawing.hidden = !told.working;
  drawButton.textContent = "Stop";
  drawing.querySelector("p").textContent = told.working || "";
  drawing.querySelector("progress").hidden = false;
  drawing.querySelector("progress").value = told.share || 0;
});
drawButton.addEventListener("click", () => {
  if (onMap.stopped) { askMap(); return; }
  onMap.stopped = true;
  drawButton.textContent = "Draw it";
  drawing.querySelector("p").textContent = "Stopped: the map is not finished.";
  drawing.querySelector("progress").hidden = true;
  trigger("stop");
});
watch("picked", () => { if (props.picked) choose(onMap.words[props.picked.index]); });
part('[data-do="map"]').addEventListener("click", () => {
  const index = onMap.words.indexOf(state.word), there = document.getElementById("word-map");
  say(".map-note", index < 0 ? `“${state.word}” is not among the words that the map shows: choose more words.` : "");
  if (index >= 0) document.dispatchEvent(new CustomEvent("lab:fly", { detail: { map: "words", index } }));
  if (there) there.scrollIntoView({ block: "center" });
});
