// The denoising bench: knobs above, pictures side by side, and under each the same place close up.
// Runs as js_on_load of the gr.HTML in visualize/widgets/denoise_bench.py, after denoise_noise.js.
const TAB = "denoising_autoencoder", CLOSE = 40; // px of the picture that a close-up is wide
const root = element.querySelector(".denoise-bench"), $ = (selector) => root.querySelector(selector);
const link = window.lab;
const level = $(".level input"), seed = $(".seed input"), pictures = $(".pictures"), message = $(".message");
const { bitmapOf, make } = window.lab;
const SAVE = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12"/></svg>';

// noise: what the hand has set; at: the close-up's centre in parts of the picture; clean: the truth's pixels, for the noise of the hand
const state = { noise: null, scene: null, clean: null, at: [0.5, 0.5], held: false, hidden: false, drawn: null, drawnFor: "" };
const shows = new Map();
let waitTimer = 0, turn = 0;

// ---- the noise as text; Python's twin is in visualize/widgets/denoise_bench.py ----
const toCode = ({ kind, level, seed }) => `${kind}-${level.toFixed(2)}-${seed}`;
function fromCode(code) {
  const found = /^(gaussian|masking|salt-and-pepper)-(0(?:\.\d{1,2})?|1(?:\.0{1,2})?)-(\d{1,6})$/.exec(code || "");
  return found ? { kind: found[1], level: Math.min(Number(found[2]), Number(level.max)), seed: Number(found[3]) } : null;
}
function readLink() {
  state.noise = fromCode(link.get("noise")) || fromCode(props.value);
  const at = String(link.get("closeup") || "").split(",").map(Number);
  if (at.length === 2 && at.every((v) => v >= 0 && v <= 1)) [state.at, state.held] = [at, true];
  if (link.get("noise") !== null) writeLink(); // it may have named a noise that there is not
}
const writeLink = () => link.set({
  noise: toCode(state.noise), closeup: state.held ? state.at.map((v) => v.toFixed(3)).join(",") : null,
});

// ---- the knobs ----
function knobs() {
  const { noise } = state;
  root.querySelectorAll("[data-kind]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.kind === noise.kind)));
  level.value = noise.level;
  seed.value = noise.seed;
  const says = noise.kind === "gaussian" ? `${noise.level.toFixed(2)} of the range` : `${Math.round(100 * noise.level)} % of the pixels`;
  $(".level b").textContent = says;
  level.setAttribute("aria-valuetext", says);
  const button = $("[data-do=truth]");
  button.textContent = state.hidden ? "Show the truth" : "Hide the truth";
  button.setAttribute("aria-pressed", String(state.hidden));
}
function set(changes, now) {
  Object.assign(state.noise, changes);
  knobs();
  preview();
  if (!now) return;
  writeLink();
  props.value = toCode(state.noise);
  expect();
  setTimeout(() => trigger("noise"), 0);
}
function expect() {
  clearTimeout(waitTimer);
  waitTimer = setTimeout(() => root.classList.add("waiting"), 150);
}

// What the hand sees at once: the browser's own noise on the noisy picture; the answers fade until theirs have come
function preview() {
  const show = shows.get("noisy");
  if (!show || !state.clean) return;
  const { kind, level: strength, seed: number } = state.noise, wanted = `${kind} ${number} ${state.clean.width} ${state.clean.height}`;
  if (state.drawnFor !== wanted) {
    state.drawn = denoiseNoise.field(kind, number, state.clean.width * state.clean.height);
    state.drawnFor = wanted;
  }
  const sheet = new OffscreenCanvas(state.clean.width, state.clean.height);
  sheet.getContext("2d").putImageData(denoiseNoise.spoil(state.clean, kind, strength, state.drawn), 0, 0);
  show.source = sheet;
  show.path = null;
  show.figure.textContent = "";
  root.classList.add("stale");
  draw(show);
}

// ---- one picture: name, picture with the frame of the close-up, close-up, figures ----
function showOf(id) {
  if (shows.has(id)) return shows.get(id);
  const canvas = make("canvas"), frame = make("i", { className: "place" }), veil = make("div", { className: "veil" }), close = make("canvas", { className: "close" });
  const stage = make("div", { className: "stage" }, canvas, frame, veil), name = make("b"), figure = make("span", { className: "psnr" }), note = make("span", { className: "note" });
  const save = make("button", { type: "button", className: "save", title: "Save this picture as PNG", innerHTML: SAVE });
  const node = make("figure", {}, make("header", {}, name, figure, save), stage, close, make("figcaption", {}, note));
  node.dataset.id = id;
  const show = { id, node, canvas, frame, veil, close, name, figure, note, save, source: null, path: null };
  save.addEventListener("click", () => download(show));
  follow(show.stage = stage);
  shows.set(id, show);
  return show;
}
async function download(show) {
  const sheet = new OffscreenCanvas(show.source.width, show.source.height);
  sheet.getContext("2d").drawImage(show.source, 0, 0);
  window.lab.save(await sheet.convertToBlob(), `${state.scene.photo}-${state.scene.noise}-${show.id}.png`);
}
const veiled = (show) => show.id === "truth" && state.hidden;
function draw(show) {
  const { canvas, close, source } = show, ratio = Math.min(window.devicePixelRatio || 1, 2), width = Math.round(canvas.clientWidth * ratio);
  const [W, H] = state.scene?.width ? [state.scene.width, state.scene.height] : [3, 2];
  root.style.setProperty("--aspect", W / H);
  show.veil.hidden = !show.veil.textContent;
  for (const [sheet, high] of [[canvas, Math.round(width * H / W)], [close, Math.round(width * 0.6)]]) {
    if (sheet.width !== width || sheet.height !== high) { sheet.width = Math.max(1, width); sheet.height = Math.max(1, high); }
    const pen = sheet.getContext("2d");
    pen.fillStyle = "#767676";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    if (!source || veiled(show)) continue;
    pen.imageSmoothingEnabled = sheet === canvas;
    pen.imageSmoothingQuality = "high";
    if (sheet === canvas) pen.drawImage(source, 0, 0, sheet.width, sheet.height);
    else { const [x, y, w, h] = place(); pen.drawImage(source, x, y, w, h, 0, 0, sheet.width, sheet.height); }
  }
  const [x, y, w, h] = place();
  Object.assign(show.frame.style, { left: `${100 * x / W}%`, top: `${100 * y / H}%`, width: `${100 * w / W}%`, height: `${100 * h / H}%` });
}
// Left, top, width and height of the close-up in whole pixels of the picture
function place() {
  const { width, height } = state.scene, w = Math.min(CLOSE, width), h = Math.min(Math.round(0.6 * w), height);
  const at = (part, length, size) => Math.min(Math.max(Math.round(part * length - size / 2), 0), length - size);
  return [at(state.at[0], width, w), at(state.at[1], height, h), w, h];
}
const drawAll = () => { if (state.scene?.width) for (const show of shows.values()) if (show.node.isConnected) draw(show); };

// ---- what arrives ----
let again = null; // the noise that was asked for once more
async function arrive() {
  const scene = props.scene, mine = ++turn;
  if (!scene) return;
  if (scene.noise !== toCode(state.noise)) { // the page asked before the link was read, or the hand has gone on
    const code = toCode(state.noise);
    if (again !== code) { again = props.value = code; setTimeout(() => trigger("noise"), 0); }
    return;
  }
  const found = await Promise.all(scene.pictures.map((picture) => (!picture.path ? null : shows.get(picture.id)?.path === picture.path
    ? shows.get(picture.id).source : bitmapOf(picture.path).catch((problem) => { picture.error = problem.message; return null; }))));
  if (mine !== turn) return;
  const done = scene.pictures.length && scene.pictures.every((picture) => !picture.waiting);
  state.scene = scene;
  message.textContent = scene.message;
  message.hidden = !scene.message;
  const nodes = scene.pictures.map((picture, i) => {
    const show = showOf(picture.id), stale = picture.waiting && show.source;
    if (!stale) Object.assign(show, { source: found[i], path: picture.path || null });
    tell(show, picture);
    return show.node;
  });
  if (nodes.length !== pictures.children.length || nodes.some((node, i) => node !== pictures.children[i])) pictures.replaceChildren(...nodes);
  pictures.style.setProperty("--columns", Math.max(4, nodes.length));
  const best = Math.max(...scene.pictures.map((picture) => picture.gain ?? -Infinity));
  scene.pictures.forEach((picture) => shows.get(picture.id).node.classList.toggle("best", done && picture.gain === best && scene.pictures.length > 3));
  const truth = shows.get("truth");
  if (truth?.source && state.cleanPath !== truth.path) {
    const sheet = new OffscreenCanvas(scene.width, scene.height).getContext("2d");
    sheet.drawImage(truth.source, 0, 0);
    [state.clean, state.cleanPath] = [sheet.getImageData(0, 0, scene.width, scene.height), truth.path];
  }
  root.classList.remove("stale");
  if (scene.pictures[0]?.waiting && !shows.get("noisy").source) preview(); // the browser's own noise, until theirs is there
  if (done || scene.message) { clearTimeout(waitTimer); root.classList.remove("waiting"); }
  root.dataset.photo = scene.photo;
  root.dataset.noise = done ? scene.noise : "";
  drawAll();
}
function tell(show, picture) {
  const plus = picture.gain > 0 ? "+" : "";
  show.name.textContent = picture.title;
  show.note.textContent = picture.note || "";
  show.node.classList.toggle("pending", Boolean(picture.waiting));
  show.figure.textContent = picture.waiting || picture.error || picture.id === "truth" ? "" : picture.psnr === null ? "no error"
    : `${picture.psnr.toFixed(1)} dB${"gain" in picture && picture.gain !== null ? `, ${plus}${picture.gain.toFixed(1)}` : ""}`;
  show.veil.textContent = picture.error || (veiled(show) ? "What was there? Guess, then show the truth." : "");
  show.canvas.setAttribute("role", "img");
  show.canvas.setAttribute("aria-label", `${picture.title}. ${show.figure.textContent}`);
  show.save.setAttribute("aria-label", `Save the picture "${picture.title}"`);
  show.save.hidden = !show.source || veiled(show);
}

// ---- the hand ----
function look(at, hold) {
  state.at = at.map((v) => Math.min(Math.max(v, 0), 1));
  if (hold !== undefined) { state.held = hold; writeLink(); }
  drawAll();
}
function follow(stage) {
  const at = (event) => { const box = stage.getBoundingClientRect(); return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]; };
  stage.addEventListener("pointermove", (event) => { if (!state.held && event.pointerType !== "touch") look(at(event)); });
  stage.addEventListener("click", (event) => look(at(event), event.pointerType === "touch" || !state.held));
}
pictures.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!step || !state.scene?.width) return;
  event.preventDefault();
  look([state.at[0] + step[0] * 8 / state.scene.width, state.at[1] + step[1] * 8 / state.scene.height], true);
});
root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.kind) set({ kind: button.dataset.kind }, true);
  if (button?.dataset.do === "truth") link.hideTruth(!state.hidden);
});
function setTruth(hidden) {
  state.hidden = hidden;
  knobs();
  if (state.scene) for (const picture of state.scene.pictures) tell(shows.get(picture.id), picture);
  drawAll();
}
level.addEventListener("input", () => set({ level: Number(level.value) }, false));
level.addEventListener("change", () => set({ level: Number(level.value) }, true));
seed.addEventListener("change", () => set({ seed: Math.min(999999, Math.max(0, Math.floor(seed.value) || 0)) }, true));

readLink();
link.onTruth(setTruth);
if (toCode(state.noise) !== props.value) props.value = toCode(state.noise);
watch("scene", arrive);
link.onShow((tab, key) => { if (tab === TAB && key !== state.scene?.photo) expect(); });
new ResizeObserver(drawAll).observe(root);
arrive();
