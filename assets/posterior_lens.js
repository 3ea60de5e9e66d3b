// The posterior lens: pictures that follow the temperature with the hand, and the distribution of the pixel under it.
// Runs as js_on_load of the gr.HTML in visualize/widgets/posterior_lens.py, after annealed_mean.js and gamut_map.js.
const STRIP = [0, 0.14, 0.29, 0.38, 0.58, 0.77, 1]; // the paper's figure of annealed means
const lens = element.querySelector(".posterior-lens"), part = (name) => lens.querySelector(name);
const SAVE = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12"/></svg>';
const link = window.lab;
const slider = part("input[type=range]"), pictures = part(".pictures"), table = part("tbody");
const { bitmapOf, digits, fileUrl, make } = window.lab;

const state = { scene: null, photo: null, view: null, temperature: 0.38, chroma: "median", at: null, pinned: false, focus: null, hidden: false, shows: new Map(), frames: [] };

// ---- what the link says ----
function readLink() {
  const T = parseFloat(link.get("T")), at = String(link.get("pixel") || "").split(",").map(Number);
  if (T >= 0 && T <= 1) state.temperature = T;
  if (at.length === 2 && at.every((v) => v >= 0 && v <= 1)) [state.at, state.pinned] = [at, true];
  state.focus = link.get("posterior") || null;
  if (READINGS.includes(link.get("chroma"))) state.chroma = link.get("chroma");
  slider.value = state.temperature;
}
const writeLink = () => link.set({
  T: String(state.temperature), pixel: state.pinned ? state.at.map((v) => v.toFixed(3)).join(",") : null,
  posterior: state.focus, chroma: state.chroma === READINGS[0] ? null : state.chroma,
});

// ---- one figure: a header with its name, a stage with canvas and cell, a caption with figures ----
function figureOf(name, title) {
  if (state.shows.has(name)) return state.shows.get(name);
  const canvas = make("canvas", { width: 4, height: 3 }), cell = make("div", { className: "cell", hidden: true });
  const wait = make("div", { className: "wait" }), stage = make("div", { className: "stage" }, canvas, wait, cell);
  const save = make("button", { type: "button", className: "save", title: "Save this picture as PNG", innerHTML: SAVE });
  const tools = make("span", { className: "tools" }, save), auc = make("span"), chroma = make("span");
  const caption = make("figcaption", {}, auc, chroma, make("span", { className: "how" }));
  const figure = make("figure", {}, make("header", {}, make("h3", { textContent: title }), tools),
    make("div", { className: "ground" }, stage), caption);
  figure.dataset.name = name;
  save.setAttribute("aria-label", `Save the picture "${title}"`);
  save.onclick = () => savePicture(name);
  const show = { name, title, figure, canvas, stage, cell, wait, tools, auc, chroma, posterior: null, histograms: null, picture: null };
  followHand(show.stage);
  pictures.insertBefore(figure, state.shows.has("truth") ? state.shows.get("truth").figure : null);
  state.shows.set(name, show);
  return show;
}

const posteriors = () => [...state.shows.values()].filter((show) => show.posterior);
const focused = () => posteriors().find((show) => show.name === state.focus) || posteriors().at(-1);
const grid = () => focused()?.posterior || rosy()[0]?.histograms; // whose cells the hand goes by

// ---- loading ----
function pixelsOf(bitmap, width = bitmap.width, height = bitmap.height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

async function loadPhoto(scene) {
  const bitmap = await bitmapOf(scene.photo), lab = annealedMean.toLab(pixelsOf(bitmap));
  return { path: scene.photo, bitmap, W: bitmap.width, H: bitmap.height, ...lab, full: null };
}

async function loadModel(show, model) {
  if (model.kind === "picture") {
    const bitmap = await bitmapOf(model.path);
    if (show.path === model.path) Object.assign(show, { bitmap, lab: annealedMean.toLab(pixelsOf(bitmap)) });
  } else if (model.kind === "histograms") {
    await loadHistograms(show, model);
  } else {
    const answer = await fetch(fileUrl(model.path));
    if (!answer.ok) throw new Error("The posterior of this photo is no longer kept: choose the photo again.");
    const codes = new Uint16Array(await answer.arrayBuffer());
    if (show.path !== model.path) return; // another photo has come meanwhile
    const posterior = annealedMean.readPosterior(codes, model.height, model.width, model.bins);
    Object.assign(show, { posterior, entropyUrl: model.entropy, mostEntropy: model.most_entropy });
  }
}

// A later scene of the same photo finds the answer on its way, and waits for the same fetch
function load(show, model) {
  if (show.path !== model.path) {
    show.path = model.path;
    show.loading = loadModel(show, model);
  }
  return show.loading;
}

let latest = 0;
async function show(scene) {
  const mine = ++latest, started = performance.now();
  state.scene = scene;
  say(scene.message || "");
  if (!scene.photo) return;
  try {
    if (!state.photo || state.photo.path !== scene.photo) {
      const photo = await loadPhoto(scene);
      if (mine !== latest) return;
      for (const kept of state.shows.values()) Object.assign(kept, { posterior: null, histograms: null, bitmap: null, path: null });
      Object.assign(state, { photo, view: null, at: state.pinned ? state.at : null });
    }
    figureOf("truth", "True colours").bitmap = state.photo.bitmap;
    scene.models.forEach((model) => figureOf(model.name, model.title)); // all places are there before the first answer
    for (const model of scene.models) {
      const found = state.shows.get(model.name);
      found.figure.querySelector(".how").textContent = model.how;
      if (model.message) found.wait.textContent = model.message;
      else if (model.path) await load(found, model);
      if (mine !== latest) return;
    }
    layOut();
    lens.dataset.ready = scene.key;
    lens.dataset.milliseconds = Math.round(performance.now() - started);
  } catch (error) {
    if (mine === latest) say(error.message);
  }
}

const say = (sentence) => Object.assign(part(".message"), { textContent: sentence, hidden: !sentence });

// ---- sizes: pictures are computed at the size at which they are shown ----
function layOut() {
  const { photo } = state, box = pictures.querySelector(".ground");
  if (!photo || !box || !box.clientWidth) return;
  const rem = parseFloat(getComputedStyle(lens).fontSize), above = box.getBoundingClientRect().top + window.scrollY;
  const tallest = Math.min(Math.max(window.innerHeight - above - 20.5 * rem, 10 * rem), 22 * rem); // so that all fits without scrolling
  const width = Math.max(1, Math.round(Math.min(box.clientWidth, (tallest * photo.W) / photo.H))), height = Math.max(1, Math.round(Math.min(tallest, (width * photo.H) / photo.W)));
  const ratio = Math.min(window.devicePixelRatio || 1, photo.W / width, Math.sqrt(240000 / (width * height)));
  const [W, H] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (!state.view || state.view.W !== W || state.view.H !== H) {
    state.view = annealedMean.readLightness(pixelsOf(photo.bitmap, W, H), W, H);
  }
  pictures.style.setProperty("--count", state.shows.size);
  for (const { canvas, bitmap, posterior, histograms, wait, tools } of state.shows.values()) {
    const answered = Boolean(bitmap || posterior || histograms);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    if (canvas.width !== W || canvas.height !== H || bitmap) Object.assign(canvas, { width: W, height: H });
    if (bitmap) drawSmooth(canvas, bitmap);
    else if (!answered) canvas.getContext("2d").putImageData(annealedMean.compose(state.view, new Float32Array(2), 1, 1), 0, 0);
    wait.hidden = answered;
    tools.querySelector(".save").hidden = !wait.hidden;
    if (!wait.hidden && !wait.textContent) wait.textContent = "colouring";
  }
  setUpBench();
  showTruth();
  if (!state.at && grid()) state.at = focused() ? mostUndecided() : [0.5, 0.5];
  const map = part(".map canvas");
  state.mapSize = map ? map.clientWidth : 0;
  placeCells();
  drawStrip();
  draw(true);
}

function drawSmooth(canvas, bitmap) {
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}

// Start where there is something to see: the cell whose mode and mean are farthest apart, away from the border
function mostUndecided() {
  const { posterior } = focused(), { height, width } = posterior;
  const mean = annealedMean.anneal(posterior, 1).slice(), mode = annealedMean.anneal(posterior, 0);
  let best = -1, at = [0.5, 0.5];
  for (let y = Math.floor(height * 0.15); y < height * 0.85; y++) {
    for (let x = Math.floor(width * 0.15); x < width * 0.85; x++) {
      const i = 2 * (y * width + x), apart = Math.hypot(mean[i] - mode[i], mean[i + 1] - mode[i + 1]);
      if (apart > best) [best, at] = [apart, [(x + 0.5) / width, (y + 0.5) / height]];
    }
  }
  return at;
}
