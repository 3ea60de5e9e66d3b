// The split view: two rows of pictures, what a half sees, what it says, and the truth; the hand points at pixels and turns the hues.
// Runs as js_on_load of the gr.HTML in visualize/widgets/split_view.py, after annealed_mean.js, gamut_map.js and lightness_bars.js.
const TAB = "split_brain", SAVE = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12"/></svg>';
const FIGURES = { // half: [name of the picture in the scene, title, whether it is the truth]
  color: [["lightness seen", "Lightness seen"], ["colours said", "Colours said"], ["photo", "True colours", true]],
  lightness: [["colours seen", "Colours seen", true], ["lightness said", "Lightness said"], ["lightness seen", "True lightness", true]],
};
const view = element.querySelector(".split-view"), part = (name) => view.querySelector(name);
const link = window.lab;
const slider = part(".turn input"), pictures = part(".pictures");
const { digits, fileUrl, make } = window.lab;
const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const state = { scene: null, turn: 0, at: [0.5, 0.35], pinned: false, hidden: false, truth: null, halves: {}, shows: [] };

// ---- the link ----
function readLink() {
  const turn = Number(link.get("turn")), at = String(link.get("pixel") || "").split(",").map(Number);
  if (Number.isInteger(turn) && Math.abs(turn) <= Number(slider.max) && turn % Number(slider.step) === 0) state.turn = turn;
  if (at.length === 2 && at.every((v) => v >= 0 && v <= 1)) [state.at, state.pinned] = [at, true];
}
const writeLink = () => link.set({
  turn: state.turn || null, pixel: state.pinned ? state.at.map((v) => v.toFixed(3)).join(",") : null,
});

// ---- figures ----
function setUp() {
  for (const [half, figures] of Object.entries(FIGURES)) {
    const row = part(`[data-half=${half}] .row`);
    for (const [name, title, isTruth] of figures) {
      const image = make("img", { alt: "" }), cell = make("div", { className: "cell", hidden: true }), veil = make("div", { className: "veil", textContent: "hidden" });
      const stage = make("div", { className: "stage" }, image, cell, veil), caption = make("figcaption");
      const save = make("button", { type: "button", className: "save", title: "Save this picture", innerHTML: SAVE });
      const figure = make("figure", {}, make("header", {}, make("h4", { textContent: title }), save), make("div", { className: "ground" }, stage), caption);
      save.setAttribute("aria-label", `Save the picture "${title}"`);
      save.onclick = () => make("a", { href: image.src, download: `${state.scene.photo}-${title.toLowerCase().replace(/ /g, "-")}.jpg` }).click();
      figure.dataset.name = title.toLowerCase().replace(/ /g, "-");
      followHand(stage);
      row.append(figure);
      state.shows.push({ half, name, title, isTruth: Boolean(isTruth), figure, image, cell, veil, save, caption });
    }
    const canvas = make("canvas", { role: "img" }), told = make("p");
    row.append(make("div", { className: "probe" }, make("h4", { textContent: half === "color" ? "Colours here" : "Lightness here" }), canvas, told));
    state.halves[half] = { canvas, told, posterior: null, path: null };
  }
}

// ---- what arrives ----
async function arrive() {
  const scene = props.scene;
  if (!scene) return;
  if (scene.turn !== state.turn) { // the page asked before the link was read, or the hand has moved on
    if (!scene.pictures || scene.photo === link.photo) ask();
    return;
  }
  state.scene = scene;
  view.classList.remove("waiting");
  const message = scene.message || (scene.has_color ? "" : "This photo has no colours of its own: there is nothing to see for the second half, and no truth for the first. Another photo tells more.");
  Object.assign(part(".message"), { textContent: message, hidden: !message });
  pictures.hidden = part(".legend").hidden = !scene.pictures;
  if (!scene.pictures) return;
  part(".turn").hidden = !scene.has_color;
  pictures.style.setProperty("--aspect", scene.width / scene.height);
  for (const show of state.shows) if (show.image.src !== scene.pictures[show.name]) show.image.src = scene.pictures[show.name];
  try {
    await Promise.all([readTruth(scene), ...Object.keys(FIGURES).map((half) => readHalf(half, scene))]);
  } catch (error) {
    Object.assign(part(".message"), { textContent: error.message, hidden: false });
    return;
  }
  if (state.scene !== scene) return;
  showTruth();
  readPixel();
  view.dataset.ready = `${scene.photo} ${scene.turn}`;
}

async function readHalf(half, scene) {
  const { path, height, width, bins } = scene[half], kept = state.halves[half];
  if (kept.path === path) return;
  kept.path = path;
  const answer = await fetch(fileUrl(path));
  if (!answer.ok) throw new Error("What the halves said of this photo is no longer kept: choose the photo again.");
  const codes = new Uint16Array(await answer.arrayBuffer());
  if (kept.path === path) kept.posterior = annealedMean.readPosterior(codes, height, width, bins);
}

async function readTruth(scene) {
  if (state.truth && state.truth.src === scene.pictures.photo) return;
  const image = new Image();
  image.src = scene.pictures.photo;
  await image.decode();
  const context = new OffscreenCanvas(scene.width, scene.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const lab = annealedMean.toLab(context.getImageData(0, 0, scene.width, scene.height).data);
  state.truth = { src: scene.pictures.photo, W: scene.width, H: scene.height, ...lab };
}

// ---- the truth: what is hidden from the second half's input too, since it is the answer to the first ----
function showTruth() {
  const { scene, hidden } = state, button = part(".truth");
  button.hidden = !scene.has_color;
  button.textContent = hidden ? "Show the truth" : "Hide the truth";
  button.setAttribute("aria-pressed", String(hidden));
  for (const show of state.shows) {
    const veiled = hidden && scene.has_color && show.isTruth && show.title !== "True lightness";
    show.figure.classList.toggle("veiled", veiled);
    show.veil.hidden = !veiled;
    show.save.hidden = veiled;
    show.image.alt = veiled ? "hidden" : show.title;
    write(show.figure.querySelector("h4"), show.name === "photo" && !scene.has_color ? "The photograph" : show.title);
    write(show.caption, captionOf(show, hidden && scene.has_color));
  }
}

function captionOf({ title }, hidden) {
  const { scene } = state, color = scene.color.figures, light = scene.lightness.figures;
  if (title === "Lightness seen") return "all that the first half is given";
  if (title === "Colours seen") return scene.turn ? `all that the second half is given, turned by ${scene.turn}°`.replace("-", "−") : "all that the second half is given, at one lightness";
  if (title === "Colours said") return !scene.has_color || hidden ? "upon the lightness of the photo" : `AuC ${digits(color.auc)}\u00a0%, higher is better; chroma ${(color.chroma / color.chroma_true).toFixed(2)} of true`;
  if (title === "True colours") return !scene.has_color || hidden ? "" : `grey: AuC ${digits(color.auc_grey)}\u00a0%`;
  if (title === "Lightness said") return `off by ${digits(light.off)} L on average, lower is better`;
  return `mid-grey would be off by ${digits(light.off_middle)} L`;
}

// ---- turning the hues ----
function ask() {
  props.value = `turn${state.turn}`;
  setTimeout(() => trigger("turn"), 0);
  setTimeout(() => view.classList.toggle("waiting", !state.scene || state.scene.turn !== state.turn), 150);
}
function showTurn() {
  slider.value = state.turn;
  write(part(".turn output"), `${state.turn}°`.replace("-", "−"));
}
slider.addEventListener("input", () => {
  state.turn = Number(slider.value);
  showTurn();
  writeLink();
  ask();
});
function setTruth(hidden) {
  state.hidden = hidden;
  if (!state.scene?.pictures || !state.truth) return;
  showTruth();
  readPixel();
}
part(".truth").addEventListener("click", () => window.lab.hideTruth(!state.hidden));
