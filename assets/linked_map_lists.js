// Beside the linked map: legend, morph, what is selected, and the lists that Python sends. Each entry flies back to its point.
const MOST_CELLS = 96;
const ACROSS = 8; // pictures in a line, as far as they stay large enough
function cellSize() {
  const room = $(".map-side").clientWidth - 16, size = Math.floor(room / ACROSS) - 6;
  return size >= 44 ? Math.min(72, size) : Math.max(44, Math.min(96, Math.floor((2 * room) / ACROSS) - 6)); // on a phone two lines
}
const slider = $(".map-morph input");

const nameOf = (i) => map.labels[i] || `${map.noun[0]} ${i + 1}`;
function describe(i) {
  const group = map.groups.length > 1 && map.group ? map.groups[map.group[i]] : "";
  return group && group !== map.labels[i] ? `${nameOf(i)} · ${group}` : nameOf(i);
}
// Give a box the picture of a point, `size` CSS pixels a side; nothing without pictures.
function dress(box, index, size) {
  box.style.cssText = "";
  if (!map.thumbs || !size) return;
  const { side, columns, per_sheet, sheets, rows } = map.thumbs, at = index % per_sheet, scale = size / side;
  box.style.width = box.style.height = `${size}px`;
  box.style.backgroundImage = `url("${fileUrl(sheets[Math.floor(index / per_sheet)])}")`;
  box.style.backgroundSize = `${columns * size}px ${rows[Math.floor(index / per_sheet)] * side * scale}px`;
  box.style.backgroundPosition = `${-(at % columns) * size}px ${-Math.floor(at / columns) * size}px`;
}
// One entry: {index} of a point, or {src, text} of something that has no point; `figure` is written below it.
function cellOf(entry) {
  const known = entry.index >= 0, text = entry.text || (known ? nameOf(entry.index) : "");
  const cell = make(known ? "button" : "span", { className: "map-cell", title: text });
  if (known) { cell.type = "button"; cell.dataset.index = entry.index; }
  const face = make("i");
  if (entry.src) cell.append(make("img", { src: entry.src, alt: text }));
  else if (map.thumbs && known) { dress(face, entry.index, cellSize()); cell.append(face); cell.setAttribute("aria-label", text); }
  else cell.append(make("b", { textContent: text }));
  if (entry.figure) cell.append(make("small", { textContent: entry.figure }));
  return cell;
}
function showSelection() {
  const panel = $(".map-selection"), count = map.list.length;
  panel.hidden = !count;
  $(".map-hint").hidden = count > 0;
  $("[data-save=list]").disabled = !count;
  panel.querySelector("h3").textContent = `${count.toLocaleString("en")} of ${map.count.toLocaleString("en")} ${map.noun[1]} selected`;
  const cells = map.list.slice(0, MOST_CELLS).map((index) => cellOf({ index }));
  if (count > MOST_CELLS) cells.push(make("span", { className: "map-more", textContent: `and ${(count - MOST_CELLS).toLocaleString("en")} more: Save writes them all` }));
  panel.querySelector(".map-cells").replaceChildren(...cells);
}
// rows: [{title, note, entries: [entry], message}]; the entries of the first row that has points are marked on the map.
function showRows() {
  const rows = props.rows || [];
  if (rows.some((row) => row.of !== undefined && row.of !== map.picked)) return; // meanwhile another point was picked
  $(".map-rows").replaceChildren(...rows.map((row) => {
    const cells = make("div", { className: "map-cells" });
    cells.append(...(row.entries || []).map(cellOf));
    const head = make("h3", { textContent: row.title || "" }), made = make("section", {}, head);
    if (row.note) head.append(make("small", { textContent: row.note }));
    if (row.message) made.append(make("p", { className: "note", textContent: row.message }));
    made.append(cells);
    return made;
  }));
  const marked = rows.find((row) => row.marked);
  map.marks = marked ? marked.entries.map((entry) => entry.index).filter((i) => i >= 0) : [];
  redraw();
}
function showLists() { showSelection(); showRows(); }

function showLegend() {
  const legend = $(".map-legend");
  legend.replaceChildren();
  if (map.colorTitle) legend.append(make("span", { className: "map-color-title", textContent: map.colorTitle }));
  if (map.ramp) {
    const bar = make("i", { className: "map-ramp" });
    bar.style.background = `linear-gradient(to right, ${map.ramp.stops.join(", ")})`;
    legend.append(make("span", { textContent: map.ramp.low }), bar, make("span", { textContent: map.ramp.high }));
  }
  map.groups.forEach((name, group) => {
    const mark = make("canvas", { width: 28, height: 28 }), key = make("button", { type: "button", className: "map-key" }, mark, make("span", { textContent: name }));
    key.setAttribute("aria-pressed", "true");
    key.title = "Click: show or grey out. Double click: this one alone.";
    key.onclick = () => { if (!map.muted.delete(group)) map.muted.add(group); press(); };
    key.ondblclick = () => { map.muted = new Set(map.groups.map((_, other) => other).filter((other) => other !== group)); press(); };
    drawKey(mark, group);
    legend.append(key);
  });
}
function press() {
  root.querySelectorAll(".map-key").forEach((key, group) => key.setAttribute("aria-pressed", String(!map.muted.has(group))));
  redraw();
}
function drawKey(mark, group) {
  const brush = mark.getContext("2d"), key = plotOf(brush.createImageData(28, 28)), [r, g, b] = theme.page;
  key.pixels.fill((255 << 24) | (b << 16) | (g << 8) | r);
  stamp(key, sprite(groupColor(group), groupShape(group), 7.5, 28), 14, 14);
  brush.putImageData(key.image, 0, 0);
}

// ---- morph between the two maps
function showMorph() {
  $(".map-morph").hidden = !map.b;
  slider.value = map.t;
  const [from, to] = root.querySelectorAll(".map-end");
  [from.textContent, to.textContent] = map.names;
  from.setAttribute("aria-pressed", String(map.t === 0)); to.setAttribute("aria-pressed", String(map.t === 1));
}
function morph(t) {
  if (!map.b) return;
  map.t = t;
  map.now = blend(t);
  showMorph();
  moved();
}
function morphTo(end) {
  const from = map.t;
  animate((share) => morph(share === 1 ? end : from + share * (end - from)));
}
