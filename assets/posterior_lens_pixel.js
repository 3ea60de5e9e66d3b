// The posterior lens, second part: the pixel under the hand, its distributions, its colours in figures. Same scope as posterior_lens.js.

function setUpBench() {
  const maps = part(".maps"), choice = part(".choice");
  for (const show of posteriors()) {
    if (maps.querySelector(`[data-name="${CSS.escape(show.name)}"]`)) continue;
    const canvas = make("canvas", { role: "img" }), box = make("div", { className: "map" }, make("h3", { textContent: show.title }), canvas, make("p"));
    box.dataset.name = show.name;
    inOrder(maps, box);
    const input = make("input", { type: "radio", name: "posterior-lens-focus", value: show.name, onchange: () => focus(show.name) });
    const label = make("label", {}, input, show.title);
    label.dataset.name = show.name;
    inOrder(choice, label);
  }
  setUpRosy();
  const found = focused();
  part(".bench").hidden = !grid();
  part(".entropy").hidden = part(".choice").hidden = !found;
  if (!found) return;
  for (const input of choice.querySelectorAll("input")) input.checked = input.value === found.name;
  part(".entropy img").src = found.entropyUrl;
  part(".entropy img").style.width = `min(12rem, ${(8.75 * found.posterior.width) / found.posterior.height}rem)`;
  part(".entropy img").alt = `Entropy of ${found.title}, cell by cell`;
  part(".entropy .size").textContent = `${found.posterior.width} × ${found.posterior.height} cells, enlarged`;
  part(".entropy .bar").style.background = `linear-gradient(90deg, ${state.scene.stops.map((stop) => `rgb(${stop.join(" ")})`)})`;
  part(".entropy .most").textContent = `${digits(found.mostEntropy)} nats: any colour`;
}

// Answers come in as they are ready, and stand in the order of the story
function inOrder(parent, child) {
  const names = state.scene.models.map((model) => model.name), rank = (box) => names.indexOf(box.dataset.name);
  parent.insertBefore(child, [...parent.children].find((other) => other.dataset.name && rank(other) > rank(child)) || null);
}

function focus(name) {
  state.focus = name;
  setUpBench();
  drawStrip();
  draw(true);
  writeLink();
}

// What one posterior says in the cell under the hand; kept until the hand or the photo moves
function readingOf(show, pixel) {
  const { posterior } = show;
  if (show.reading && show.reading.pixel === pixel && show.reading.posterior === posterior) return show.reading;
  const probabilities = annealedMean.distribution(posterior, pixel, 1), at = (T) => annealedMean.meanColor(posterior, annealedMean.distribution(posterior, pixel, T));
  const trail = Array.from({ length: 26 }, (_, k) => at(k / 25));
  show.reading = {
    pixel, posterior, probabilities, trail, bins: posterior.bins, stops: state.scene.stops, toRgb: annealedMean.toRgb,
    entropy: annealedMean.entropy(probabilities), most: Math.max(...probabilities),
  };
  return show.reading;
}

function readPixel() {
  const { photo, at, temperature, scene } = state;
  const place = Math.min(photo.H - 1, Math.floor(at[1] * photo.H)) * photo.W + Math.min(photo.W - 1, Math.floor(at[0] * photo.W));
  const regression = [...state.shows.values()].find((show) => show.lab && show.bitmap), L = photo.L[place];
  const fixed = [];
  if (regression) fixed.push(["regression", [regression.lab.a[place], regression.lab.b[place]]]);
  if (scene.has_color && !state.hidden) fixed.push(["truth", [photo.a[place], photo.b[place]]]);
  const said = rosyCell(), columns = [];
  if (said) fixed.unshift(["histograms", said.told.ab]);
  readRosy(said, scene.has_color && !state.hidden ? [photo.a[place], photo.b[place]] : null);
  for (const show of posteriors()) {
    const { posterior } = show, [x, y] = cellOf(posterior), reading = readingOf(show, y * posterior.width + x);
    const annealed = annealedMean.meanColor(posterior, annealedMean.distribution(posterior, reading.pixel, temperature));
    const marks = [...fixed, ["mean", reading.trail.at(-1)], ["mode", reading.trail[0]], ["annealed", annealed]], box = part(`.map[data-name="${CSS.escape(show.name)}"]`);
    gamutMap.draw(box.querySelector("canvas"), state.mapSize, reading, marks);
    write(box.querySelector("p"), `peak ${digits(100 * reading.most)} %, entropy ${digits(reading.entropy)} nats`);
    box.querySelector("canvas").setAttribute("aria-label", `${show.title}: distribution over ab, mode at a ${Math.round(marks.at(-2)[1][0])}, b ${Math.round(marks.at(-2)[1][1])}`);
    columns.push({ show, colors: Object.fromEntries(marks) });
    if (show === focused()) write(part(".entropy .here"), `here ${digits(reading.entropy)} nats`);
  }
  writeTable(columns, L);
}

function cellOf({ width, height }) {
  return [Math.min(width - 1, Math.floor(state.at[0] * width)), Math.min(height - 1, Math.floor(state.at[1] * height))];
}

// The cell is marked on every picture at once, in shares of the picture, so that no layout has to be asked for
function placeCells() {
  const found = grid();
  for (const cell of lens.querySelectorAll(".cell")) {
    cell.hidden = !found;
    if (!found) continue;
    const { width, height } = found, [x, y] = cellOf(found);
    Object.assign(cell.style, { left: `${(100 * x) / width}%`, top: `${(100 * y) / height}%`, width: `${100 / width}%`, height: `${100 / height}%` });
  }
}

const MARKS = { mode: "mode", annealed: "annealed mean", mean: "mean", regression: "regression", histograms: "hue and chroma", truth: "true" };
function writeTable(columns, L) {
  const shapes = Object.keys(MARKS).filter((shape) => columns.some(({ colors }) => colors[shape]));
  const wanted = [...shapes, ...columns.map(({ show }) => show.name)].join();
  if (table.dataset.made !== wanted) {
    table.dataset.made = wanted;
    part("thead tr").replaceChildren(make("th", { textContent: "colour a, b" }), ...columns.map(({ show }) => make("th", { textContent: show.title })));
    table.replaceChildren(...shapes.map((shape) => make("tr", {}, make("th", { scope: "row" }, gamutMap.symbol(shape), MARKS[shape]),
      ...columns.map(() => make("td", {}, make("i"), make("span"))))));
  }
  shapes.forEach((shape, row) => columns.forEach(({ colors }, column) => {
    const [a, b] = colors[shape], cell = table.rows[row].cells[column + 1];
    cell.firstChild.style.background = `rgb(${annealedMean.toRgb(L, a, b).join(" ")})`;
    write(cell.lastChild, `${Math.round(a)}, ${Math.round(b)}`.replace(/-/g, "−"));
  }));
}

function point(event) {
  const box = event.currentTarget.getBoundingClientRect();
  state.at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((v) => Math.min(Math.max(v, 0), 0.9999));
  placeCells();
  readPixel();
}

// Hovering follows the mouse; a click or a tap holds the pixel, a second click lets it go
function followHand(stage) {
  stage.addEventListener("pointermove", (event) => {
    if (state.view && (event.buttons || (event.pointerType === "mouse" && !state.pinned))) point(event);
  });
  stage.addEventListener("pointerdown", (event) => {
    if (!state.view) return;
    state.pinned = event.pointerType !== "mouse" || !state.pinned;
    point(event);
    writeLink();
  });
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
pictures.addEventListener("keydown", (event) => {
  const step = STEPS[event.key], found = grid();
  if (!step || !found || event.target !== pictures) return;
  event.preventDefault();
  const cells = [found.width, found.height], [x, y] = cellOf(found), far = event.shiftKey ? 5 : 1;
  state.at = [x, y].map((v, axis) => (Math.min(Math.max(v + far * step[axis], 0), cells[axis] - 1) + 0.5) / cells[axis]);
  state.pinned = true;
  placeCells();
  readPixel();
  writeLink();
});
