// The posterior lens, part of the network that says hue and chroma: its picture, and its distribution of the pixel under the hand.
// Same scope as posterior_lens.js.
const rosy = () => [...state.shows.values()].filter((show) => show.histograms);
const READINGS = ["median", "mean"]; // of the chroma: the paper's, and the one that it is compared with

async function loadHistograms(show, model) {
  const answer = await fetch(fileUrl(model.path));
  if (!answer.ok) throw new Error("The histograms of this photo are no longer kept: choose the photo again.");
  const floats = new Float32Array(await answer.arrayBuffer());
  if (show.path !== model.path) return; // another photo has come meanwhile
  show.histograms = hueChroma.read(floats, model.height, model.width, model.bins, model.reach, model.fading);
}

function drawRosy() {
  for (const show of rosy()) {
    const { height, width } = show.histograms, ab = hueChroma.decode(show.histograms, state.chroma);
    show.canvas.getContext("2d").putImageData(annealedMean.compose(state.view, ab, height, width), 0, 0);
    const { auc, chroma } = annealedMean.figures(state.photo, ab, height, width, 1);
    writeFigures(show, auc, chroma);
  }
}

function setUpRosy() {
  for (const show of rosy()) {
    if (part(".maps").querySelector(`[data-name="${CSS.escape(show.name)}"]`)) continue;
    const box = make("div", { className: "map" }, make("h3", { textContent: show.title }), make("canvas", { role: "img" }), make("p"));
    box.dataset.name = show.name;
    inOrder(part(".maps"), box);
    part(".reading").append(chromaChoice(show));
  }
}

function chromaChoice(show) {
  const set = make("fieldset", { className: "choice" }, make("legend", { textContent: `${show.title}: chroma by its` }));
  for (const how of READINGS) {
    const input = make("input", { type: "radio", name: "posterior-lens-chroma", value: how, checked: how === state.chroma, onchange: () => setChroma(how) });
    set.append(make("label", {}, input, how));
  }
  return set;
}

function setChroma(how) {
  state.chroma = how;
  draw(true);
  writeLink();
}

// The cell of the network under the hand, or undefined while it has not answered
function rosyCell() {
  const [show] = rosy();
  if (!show) return undefined;
  const [x, y] = cellOf(show.histograms), pixel = y * show.histograms.width + x;
  return { show, pixel, told: hueChroma.cell(show.histograms, pixel, state.chroma) };
}

function readRosy(found, truth) {
  if (!found) return;
  const { show, pixel, told } = found, { floats, bins, reach } = show.histograms, box = part(`.map[data-name="${CSS.escape(show.name)}"]`);
  const first = 2 * bins * pixel, degrees = `${Math.round((180 * told.hue) / Math.PI) % 360}°`, shown = Math.round(100 * told.sure);
  hueRose.draw(box.querySelector("canvas"), state.mapSize, {
    hues: floats.subarray(first, first + bins), chromas: floats.subarray(first + bins, first + 2 * bins), reach, told,
    toRgb: annealedMean.toRgb, ink: getComputedStyle(lens).color,
    truth: truth && { hue: Math.atan2(truth[1], truth[0]), chroma: Math.hypot(...truth) },
  });
  const { median, mean } = told.chroma;
  write(box.querySelector("p"), `hue ${degrees}, ${shown} % sure; chroma ${digits(median)} median, ${digits(mean)} mean`);
  box.querySelector("canvas").setAttribute("aria-label", `${show.title}: hue ${degrees}, ${shown} per cent sure, chroma ${digits(median)} by the median, ${digits(mean)} by the mean`);
}
