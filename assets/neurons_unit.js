// A unit's page: the patches that make it fire, and its distribution over the bank; in a face-off the other network's nearest unit too.
const mine = part(".unit.mine"), theirs = part(".unit.theirs");
const titleOf = (name) => (state.networks.find((one) => one.name === name) || {}).title || name;

async function showPage() {
  const { model, stage, unit, k, versus } = state, began = performance.now();
  root.classList.toggle("face-off", Boolean(versus));
  theirs.hidden = !versus;
  mine.querySelector("h3").textContent = `${stage} · unit ${unit}`;
  drawFilter();
  const query = { model, stage, unit, k, photo: state.wall.indexed ? null : state.wall.photo };
  const slow = setTimeout(() => mine.classList.add("waiting"), 100); // under 100 ms nothing
  const other = versus ? askOnce("other", "neuron_face_off", { model, stage, unit, k, versus, photo: null }) : null;
  const page = await askOnce("page", "neuron_unit", query);
  clearTimeout(slow);
  if (!page) return;
  mine.classList.remove("waiting");
  state.page = page;
  drawPage(mine, page, versus ? titleOf(model) : "");
  state.other = null;
  drawDistribution();
  const patches = page.patches || [], held = state.picked && patches.find((one) => one.picture === state.picked.picture);
  showField(held || patches[0]);
  Object.assign(root.dataset, { over: page.histogram ? "bank" : "photo", shown: [model, stage, unit, k].join(" "), milliseconds: Math.round(performance.now() - began) });
  if (other) await showOther(other);
  if (state.page === page) drawDistribution();
}
// In the first stage a unit is its filter: the weights themselves, beside the name.
function drawFilter() {
  const { wall, unit } = state, swatch = mine.querySelector(".filter");
  swatch.hidden = !wall.filters;
  if (wall.filters) placeTile(swatch, wall.filters, unit);
}
async function showOther(asked) {
  const other = await asked;
  if (!other) return;
  state.other = other.error || other.waiting ? null : other;
  theirs.querySelector("[data-do=swap]").hidden = !state.other;
  if (!state.other) {
    theirs.querySelector("h3").textContent = titleOf(state.versus);
    theirs.querySelector(".facts").textContent = other.error || other.waiting;
    theirs.querySelector(".patches").replaceChildren();
    return;
  }
  drawPage(theirs, other, titleOf(state.versus));
  theirs.querySelector(".facts").textContent = `nearest unit of ${other.count}: correlation ${other.correlation.toFixed(2)} over ${other.pictures} pictures`;
}

// ---- patches ----
function drawPage(box, page, title) {
  const grid = box.querySelector(".patches"), facts = box.querySelector(".facts");
  if (title) box.querySelector("h3").textContent = `Unit ${page.unit} · ${title}`;
  facts.textContent = page.error || page.facts.join(" · ");
  if (page.error) return grid.replaceChildren();
  const columns = page.patches.length <= 5 ? 5 : page.patches.length <= 12 ? 6 : 9;
  grid.style.setProperty("--columns", columns);
  grid.style.setProperty("--narrow", page.patches.length <= 5 ? 5 : 6);
  grid.replaceChildren(...page.patches.map((one, rank) => patch(one, rank, box === mine)));
}
// The part outside of the receptive field is shaded by one wide shadow; the pointer lifts it.
function patch(one, rank, pickable) {
  const [left, top, width, height] = one.lit.map((share) => `${100 * share}%`), whole = one.lit[2] * one.lit[3] > 0.999;
  const image = make("img", { src: one.src, alt: "", draggable: false, className: one.crisp ? "crisp" : "" }), lit = make("i", { className: "lit" });
  Object.assign(lit.style, { left, top, width, height });
  const value = make("b", { textContent: digits(one.value) }), name = make("span", { textContent: one.name, title: one.name });
  const frame = make("span", { className: "frame" }, image, ...(whole ? [] : [lit])), button = make(pickable ? "button" : "div", { className: "patch" }, frame, value, name);
  if (!pickable) return button;
  button.type = "button";
  button.title = "Show where in its picture the response comes from";
  button.setAttribute("aria-label", `Patch ${rank + 1}, activation ${digits(one.value)}, from ${one.name}`);
  button.dataset.picture = one.picture;
  button.addEventListener("click", () => showField(one));
  return button;
}

// ---- distribution of the unit over the bank, or in a face-off the two units against each other ----
function drawDistribution() {
  const figure = part("[data-panel=distribution]"), caption = figure.querySelector("figcaption"), { page, other } = state;
  figure.querySelector("h3").textContent = other ? "Both units" : "Over the bank";
  const pen = penOf(figure), told = page && (other ? drawScatter(pen, other) : page.histogram && drawHistogram(pen, page));
  caption.textContent = told || (page && page.error ? "" : "Comes with the bank: this view is of one photo alone.");
  figure.querySelector("canvas").setAttribute("aria-label", caption.textContent);
}
// A square canvas as large as its box, so that 12 px of text are 12 px on the page, and emptied; its pen, with x and y from 0 to `side`.
function penOf(figure) {
  const canvas = figure.querySelector("canvas"), side = canvas.parentElement.clientWidth || 240;
  const ratio = Math.max(1, Math.min(window.devicePixelRatio || 1, 3)) * 2; // twice the screen's resolution, for what is saved
  Object.assign(canvas, { width: side * ratio, height: side * ratio });
  const pen = canvas.getContext("2d"), style = getComputedStyle(root);
  pen.scale(ratio, ratio);
  const color = (name) => style.getPropertyValue(name).trim();
  return Object.assign(pen, { side, ink: color("--lab-ink"), soft: color("--lab-soft"), line: color("--lab-line"), accent: color("--lab-accent"), warn: color("--lab-warn") });
}
function axes(pen, x, y, most, [low, high, left, right]) {
  pen.strokeStyle = pen.soft;
  pen.lineWidth = 1;
  pen.beginPath(); pen.moveTo(x, 10); pen.lineTo(x, y); pen.lineTo(pen.side - 6, y); pen.stroke();
  pen.fillStyle = pen.soft;
  pen.font = "12px system-ui, sans-serif";
  pen.textAlign = "left"; pen.fillText(low, x, y + 16); pen.fillText(left, x + 6, 16, pen.side - x - 10);
  pen.textAlign = "right"; pen.fillText(high, pen.side - 4, y + 16);
  if (right) pen.fillText(right, pen.side - 4, y - 6, pen.side - x - 10);
}
function drawHistogram(pen, page) {
  const { counts, low, top, total } = page.histogram, x = 8, y = pen.side - 24, width = (pen.side - 14) / counts.length, most = Math.max(...counts);
  pen.fillStyle = pen.accent;
  // Square roots, or the few pictures that matter would not be seen beside the many that do not.
  counts.forEach((count, bin) => { const high = Math.sqrt(count / most) * (y - 26); pen.fillRect(x + bin * width, y - high, Math.max(1, width - 1), high); });
  pen.strokeStyle = pen.warn;
  pen.lineWidth = 2;
  for (const one of page.patches) {
    const at = x + ((one.value - low) / (top - low)) * (pen.side - 14);
    pen.beginPath(); pen.moveTo(at, y); pen.lineTo(at, y - 14); pen.stroke();
  }
  axes(pen, x, y, most, [digits(low), digits(top), `${most} pictures at most`, ""]);
  return `Peak activation in each of ${total.toLocaleString("en")} pictures, bars in root scale; the marks are the patches above.`;
}
function drawScatter(pen, other) {
  const x = 8, y = pen.side - 24, [xs, ys] = other.pairs, [wide, high] = [Math.max(...xs, 1e-9), Math.max(...ys, 1e-9)];
  pen.fillStyle = pen.accent;
  pen.globalAlpha = 0.45;
  xs.forEach((value, i) => { pen.beginPath(); pen.arc(x + (value / wide) * (pen.side - 20) + 3, y - 3 - (ys[i] / high) * (y - 30), 2.2, 0, 7); pen.fill(); });
  pen.globalAlpha = 1;
  axes(pen, x, y, 0, ["0", digits(wide), `${titleOf(state.versus)}, up to ${digits(high)}`, titleOf(state.model)]);
  return `Each point is a picture of the bank, by the peaks of the two units. Correlation ${other.correlation.toFixed(2)}.`;
}
