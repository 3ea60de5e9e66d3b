// The split view, second part: the pixel under the hand, and what each half says of it. Same scope as split_view.js.

function readPixel() {
  const { scene, truth, at, hidden } = state;
  if (!truth || !state.halves.color.posterior || !state.halves.lightness.posterior) return;
  const place = Math.min(truth.H - 1, Math.floor(at[1] * truth.H)) * truth.W + Math.min(truth.W - 1, Math.floor(at[0] * truth.W));
  const told = scene.has_color && !hidden ? [truth.a[place], truth.b[place]] : null;
  readColor(told, truth.L[place]);
  readLightness(truth.L[place]);
  placeCells();
}

function cellOf({ width, height }) {
  return [Math.min(width - 1, Math.floor(state.at[0] * width)), Math.min(height - 1, Math.floor(state.at[1] * height))];
}
const pixelOf = (posterior) => { const [x, y] = cellOf(posterior); return y * posterior.width + x; };
const rounded = ([a, b]) => `a ${Math.round(a)}, b ${Math.round(b)}`.replace(/-/g, "−");

function readColor(truth, L) {
  const { posterior, canvas, told } = state.halves.color, pixel = pixelOf(posterior);
  const meanAt = (T) => annealedMean.meanColor(posterior, annealedMean.distribution(posterior, pixel, T));
  const probabilities = annealedMean.distribution(posterior, pixel, 1), trail = Array.from({ length: 26 }, (_, k) => meanAt(k / 25)), said = meanAt(0.38);
  const marks = [["mean", trail.at(-1)], ["mode", trail[0]], ["annealed", said]];
  if (truth) marks.unshift(["truth", truth]);
  gamutMap.draw(canvas, canvas.clientWidth, { bins: posterior.bins, probabilities, trail, stops: state.scene.stops, toRgb: annealedMean.toRgb }, marks);
  swatches(told, [["said", said, annealedMean.toRgb(L, ...said)], ...(truth ? [["true", truth, annealedMean.toRgb(L, ...truth)]] : [])]);
  canvas.setAttribute("aria-label", `Colours of the pixel: said ${rounded(said)}${truth ? `, true ${rounded(truth)}` : ""}`);
}

function swatches(box, rows) {
  box.replaceChildren(...rows.map(([name, ab, rgb]) => {
    const patch = make("i");
    patch.style.background = `rgb(${rgb.join(" ")})`;
    return make("span", {}, patch, `${name} ${rounded(ab)}`);
  }));
}

function readLightness(L) {
  const { posterior, canvas, told } = state.halves.lightness, probabilities = annealedMean.distribution(posterior, pixelOf(posterior), 1);
  const [mean] = annealedMean.meanColor(posterior, probabilities);
  const spread = Math.sqrt(posterior.bins.reduce((sum, [level], k) => sum + probabilities[k] * (level - mean) ** 2, 0));
  const style = getComputedStyle(view);
  lightnessBars.draw(canvas, canvas.clientWidth, canvas.clientHeight, {
    probabilities, grey: (level) => annealedMean.toRgb(level, 0, 0), mat: style.getPropertyValue("--lab-mat"), ink: style.color, mean, truth: L,
  });
  write(told, `says L ${digits(mean)} ± ${digits(spread)}; true ${digits(L)}`);
  canvas.setAttribute("aria-label", `Lightness of the pixel: said ${digits(mean)}, plus or minus ${digits(spread)}, true ${digits(L)}`);
}

// The cell is marked on every picture at once, in shares of the picture
function placeCells() {
  const { width, height } = state.halves.color.posterior, [x, y] = cellOf({ width, height });
  for (const { cell } of state.shows) {
    cell.hidden = false;
    Object.assign(cell.style, { left: `${(100 * x) / width}%`, top: `${(100 * y) / height}%`, width: `${100 / width}%`, height: `${100 / height}%` });
  }
}

// Hovering follows the mouse; a click or a tap holds the pixel, a second click lets it go
function point(event) {
  const box = event.currentTarget.getBoundingClientRect();
  state.at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((v) => Math.min(Math.max(v, 0), 0.9999));
  readPixel();
}
function followHand(stage) {
  stage.addEventListener("pointermove", (event) => {
    if (state.scene && (event.buttons || (event.pointerType === "mouse" && !state.pinned))) point(event);
  });
  stage.addEventListener("pointerdown", (event) => {
    if (!state.scene) return;
    state.pinned = event.pointerType !== "mouse" || !state.pinned;
    point(event);
    writeLink();
  });
}
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
pictures.addEventListener("keydown", (event) => {
  const step = STEPS[event.key], { posterior } = state.halves.color;
  if (!step || !posterior || event.target !== pictures) return;
  event.preventDefault();
  const cells = [posterior.width, posterior.height], [x, y] = cellOf(posterior), far = event.shiftKey ? 5 : 1;
  state.at = [x, y].map((v, axis) => (Math.min(Math.max(v + far * step[axis], 0), cells[axis] - 1) + 0.5) / cells[axis]);
  state.pinned = true;
  readPixel();
  writeLink();
});

view.split = state; // for tests
part(".legend").append(...[["truth", "true"], ["annealed", "said: the annealed mean, T = 0.38"], ["mean", "mean"], ["mode", "mode"]].map(([shape, name]) => make("span", {}, gamutMap.symbol(shape), name)));
readLink();
setUp();
window.lab.onTruth(setTruth);
showTurn();
watch("scene", arrive);
const fit = () => state.scene && readPixel();
new ResizeObserver(fit).observe(pictures);
window.addEventListener("resize", fit); // dark and light, too
arrive();
