// Saving from the linked map: the picture with its caption, the coordinates, the selection; then what starts it all.
function savePicture() {
  const line = 22 * map.ratio, sheet = make("canvas", { width: map.width, height: map.height + 2.2 * line }), brush = sheet.getContext("2d");
  brush.fillStyle = `rgb(${theme.paper})`; brush.fillRect(0, 0, sheet.width, sheet.height);
  paint();
  brush.drawImage(canvas, 0, 0);
  brush.fillStyle = `rgb(${theme.ink})`; brush.font = `${14 * map.ratio}px system-ui, sans-serif`;
  brush.fillText(map.caption, 10 * map.ratio, map.height + line, map.width - 20 * map.ratio);
  const colors = map.ramp ? `${map.ramp.low} to ${map.ramp.high}` : map.groups.join(", ");
  if (map.colorTitle) brush.fillText(`${map.colorTitle}: ${colors}`, 10 * map.ratio, map.height + 1.9 * line, map.width - 20 * map.ratio);
  sheet.toBlob((blob) => window.lab.save(blob, "map.png"));
}
const quoted = (value) => (/[",\n\r]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
// A cell that starts like a formula would be run by a spreadsheet.
const harmless = (value) => quoted(/^[=+\-@\t]/.test(String(value)) && !Number.isFinite(+value) ? `'${value}` : value);
function saveTable() {
  const extra = Object.keys(map.columns), lines = [["index", map.noun[0], ...extra, "x", "y", ...(map.b ? ["x_other", "y_other"] : []), ...(map.groups.length ? ["group"] : []), "selected"]];
  for (let i = 0; i < map.count; i++) {
    const places = [map.a, map.b].filter(Boolean).flatMap((xy) => [xy[2 * i].toFixed(5), xy[2 * i + 1].toFixed(5)]);
    lines.push([i, nameOf(i), ...extra.map((name) => map.columns[name][i]), ...places, ...(map.groups.length ? [map.groups[map.group[i]]] : []), map.chosen && map.chosen[i] ? 1 : 0]);
  }
  window.lab.save(new Blob([lines.map((line) => line.map(harmless).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" }), "map.csv");
}
function saveList() {
  const file = map.columns.file || map.labels, box = map.columns.box;
  const lines = map.list.map((i) => (box && box[i] ? `${file[i]}\t${box[i]}` : file[i] || nameOf(i)));
  window.lab.save(new Blob([lines.join("\n") + "\n"], { type: "text/plain" }), "selection.txt");
}

root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { tool, index, save } = button.dataset, act = button.dataset.do;
  if (tool) useTool(tool);
  else if (index !== undefined) { flyTo(+index); pick(+index); }
  else if (save) ({ png: savePicture, csv: saveTable, list: saveList })[save]();
  else if (act === "fit") fitAll();
  else if (act === "clear") choose(null);
  else if (act === "morph") morphTo(0);
  else if (act === "morph-back") morphTo(1);
  else if (act === "pictures") { map.pictures = !map.pictures; button.setAttribute("aria-pressed", String(map.pictures)); redraw(); }
});
slider.addEventListener("input", () => { cancelAnimationFrame(waiting.motion); morph(+slider.value); });
// Others may ask for a point: document.dispatchEvent(new CustomEvent("lab:fly", {detail: {map: "words", index: 7}})).
document.addEventListener("lab:fly", (event) => { if (event.detail.map === props.called) { flyTo(event.detail.index); pick(event.detail.index); } });
window.addEventListener("resize", () => setTimeout(() => { fitCanvas(); showLegend(); }, 0));
new ResizeObserver(fitCanvas).observe(canvas);
watch("points", usePoints);
watch("layout", useLayout);
watch("colors", useColors);
watch("rows", showRows);
useTool("move");
readPoint();
fitCanvas();
usePoints();
useColors();
useLayout();
