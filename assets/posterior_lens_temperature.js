// The posterior lens, third part: the temperature, and all that it moves. Same scope as posterior_lens.js.

// ---- one frame: everything that the temperature moves ----
function draw(settled = false) {
  const began = performance.now(), { view, photo, temperature, at } = state;
  writeTemperature(temperature);
  if (!view || !at) return;
  for (const show of posteriors()) {
    const { posterior, canvas } = show;
    const ab = annealedMean.anneal(posterior, temperature);
    canvas.getContext("2d").putImageData(annealedMean.compose(view, ab, posterior.height, posterior.width), 0, 0);
    const { auc, chroma } = annealedMean.figures(photo, ab, posterior.height, posterior.width, settled ? 1 : 5);
    writeFigures(show, auc, chroma);
  }
  if (settled) drawRosy();
  readPixel();
  if (!settled) state.frames.push(performance.now() - began);
}

function writeTemperature(T) {
  const named = STRIP.find((one) => Math.abs(one - T) < 0.005), words = temperatureInWords(T);
  write(part(".dial b"), `T = ${T.toFixed(2)}`);
  write(part(".dial .says"), words);
  slider.setAttribute("aria-valuetext", `${T.toFixed(2)}, ${words}`);
  for (const button of lens.querySelectorAll(".strip button")) button.setAttribute("aria-pressed", String(Number(button.value) === named));
}

function temperatureInWords(T) {
  if (T === 0) return "the mode: in each place the one most probable colour";
  if (T === 1) return "the mean: in each place the average of all colours, by their probability";
  if (Math.abs(T - 0.38) < 0.005) return "the paper's choice, between the mode at 0 and the mean at 1";
  return T < 0.38 ? "towards the mode: each place settles for its likeliest colour" : "towards the mean: all likely colours are mixed";
}

const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

function writeFigures(show, auc, chroma) {
  const known = state.scene.has_color && !state.hidden;
  write(show.auc, known ? `AuC ${digits(auc)}\u00a0%` : state.scene.has_color ? "AuC hidden with the truth" : "");
  write(show.chroma, known ? `chroma ${(chroma / state.photo.chroma).toFixed(2)} of true`  : `chroma ${digits(chroma)}`);
}

// Figures that no temperature moves: regression, the photograph itself, and grey as the baseline
function showTruth() {
  const { photo, scene } = state, truth = state.shows.get("truth"), figuresOf = (ab) => annealedMean.figures(photo, ab, 1, 1, 1);
  if (photo.chroma === undefined) {
    photo.chroma = photo.a.reduce((sum, a, i) => sum + Math.hypot(a, photo.b[i]), 0) / photo.a.length;
    photo.greyAuc = figuresOf(new Float32Array(2)).auc;
  }
  for (const show of state.shows.values()) {
    if (!show.lab || !show.bitmap) continue;
    if (show.bitmap.width === photo.W && show.bitmap.height === photo.H) {
      const ab = new Float32Array(2 * photo.a.length);
      for (let i = 0; i < photo.a.length; i++) [ab[2 * i], ab[2 * i + 1]] = [show.lab.a[i], show.lab.b[i]];
      const { auc, chroma } = annealedMean.figures(photo, ab, photo.H, photo.W, 1);
      writeFigures(show, auc, chroma);
    }
  }
  const masked = state.hidden || !scene.has_color;
  truth.figure.querySelector("h3").textContent = masked ? "What they saw" : "True colours";
  truth.figure.querySelector(".how").textContent = scene.has_color ? "AuC: higher is nearer to these" : "This photo has no colours of its own: there is no truth to compare with.";
  truth.auc.textContent = !scene.has_color ? "lightness only" : masked ? "lightness only; the colours are hidden" : `grey: AuC ${digits(photo.greyAuc)}\u00a0%`;
  truth.chroma.textContent = masked ? "" : `chroma ${digits(photo.chroma)}`;
  if (masked) truth.canvas.getContext("2d").putImageData(annealedMean.compose(state.view, new Float32Array(2), 1, 1), 0, 0);
  else drawSmooth(truth.canvas, truth.bitmap);
  const toggle = truth.tools.querySelector(".truth-toggle") || truth.tools.insertBefore(make("button", { type: "button", className: "truth-toggle", onclick: () => window.lab.hideTruth(!state.hidden) }), truth.tools.firstChild);
  toggle.textContent = state.hidden ? "Show the truth" : "Hide the truth";
  toggle.hidden = !scene.has_color;
}

function setTruth(hidden) {
  state.hidden = hidden;
  if (!state.view) return;
  showTruth();
  draw(true);
}

// ---- the strip of temperatures ----
function drawStrip() {
  const found = focused(), strip = part(".strip"), { photo } = state;
  if (!found || !photo) return;
  if (!strip.children.length) {
    for (const T of STRIP) {
      const button = make("button", { type: "button", value: String(T), onclick: () => setTemperature(T, true) }, make("canvas"), make("span", { textContent: T === 0 ? "0 mode" : T === 1 ? "1 mean" : String(T) }));
      button.style.setProperty("--at", T);
      button.setAttribute("aria-label", `Temperature ${T}`);
      strip.append(button);
    }
  }
  const width = Math.min(176, Math.round((120 * photo.W) / photo.H)) || 1, height = Math.max(1, Math.round((width * photo.H) / photo.W));
  const small = annealedMean.readLightness(pixelsOf(photo.bitmap, width, height), width, height);
  for (const button of strip.children) {
    const canvas = Object.assign(button.firstChild, { width, height });
    const ab = annealedMean.anneal(found.posterior, Number(button.value));
    canvas.getContext("2d").putImageData(annealedMean.compose(small, ab, found.posterior.height, found.posterior.width), 0, 0);
  }
}

// ---- the temperature ----
let settling = 0;
function setTemperature(T, settled) {
  state.temperature = T;
  slider.value = T;
  draw(settled);
  clearTimeout(settling);
  if (settled) writeLink();
  else settling = setTimeout(() => setTemperature(T, true), 150);
}
slider.addEventListener("input", () => setTemperature(Number(slider.value), false));
slider.addEventListener("change", () => setTemperature(Number(slider.value), true));

// ---- saving: at the size of the photograph ----
async function savePicture(name) {
  const { photo, temperature } = state, show = state.shows.get(name), canvas = new OffscreenCanvas(photo.W, photo.H), context = canvas.getContext("2d");
  if (show.posterior || show.histograms) context.putImageData(renderFull(name, temperature), 0, 0);
  else if (name === "truth" && state.hidden) context.putImageData(annealedMean.compose(fullView(), new Float32Array(2), 1, 1), 0, 0);
  else context.drawImage(show.bitmap, 0, 0);
  window.lab.save(await canvas.convertToBlob({ type: "image/png" }), `${state.scene.key}-${name}${show.posterior ? `-T${temperature.toFixed(2)}` : ""}.png`);
}
const fullView = () => (state.photo.full = state.photo.full || annealedMean.readLightness(pixelsOf(state.photo.bitmap), state.photo.W, state.photo.H));
function renderFull(name, T) {
  const { posterior, histograms } = state.shows.get(name), { height, width } = posterior || histograms;
  const ab = posterior ? annealedMean.anneal(posterior, T) : hueChroma.decode(histograms, state.chroma);
  return annealedMean.compose(fullView(), ab, height, width);
}

// ---- for tests and `bench speed`: the picture at full size, and the milliseconds of slider frames ----
lens.lens = {
  state,
  render: (name, T) => renderFull(name, T).data,
  measure(count = 60) {
    const T = state.temperature, times = [];
    for (let k = 0; k < count; k++) {
      const began = performance.now();
      state.temperature = Math.round((100 * (k % 50)) / 49) / 100;
      draw(false);
      times.push(performance.now() - began);
    }
    setTemperature(T, true);
    times.sort((a, b) => a - b);
    return { median: times[count >> 1], p95: times[Math.floor(count * 0.95)] };
  },
};

readLink();
window.lab.onTruth(setTruth);
draw(true);
const follow = () => {
  const scene = typeof props.value === "string" && props.value ? JSON.parse(props.value) : props.value;
  if (scene) show(scene);
};
watch("value", follow);
const fit = () => state.photo && state.scene && layOut();
new ResizeObserver(fit).observe(pictures);
window.addEventListener("resize", fit); // dark and light, too
follow();
