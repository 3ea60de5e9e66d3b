// Work that takes longer than a gesture: looking through the bank, and ascending to a unit's synthetic picture. Both run in Python
// whether or not this page looks; the page asks how far they are four times a second, and can stop them.
const indexBox = part(".indexing");
let indexTimer = 0, dreamTimer = 0, stopped = false;

const unindexed = () => [state.model, state.versus].filter((name) => name && !(name === state.model ? state.wall.indexed : state.networks.find((one) => one.name === name).indexed));
function watchIndex() {
  clearTimeout(indexTimer);
  const [name] = unindexed();
  indexBox.hidden = !name;
  if (name) stepIndex(name, { start: !stopped });
}
async function stepIndex(name, act = {}) {
  const told = await ask("index", "neuron_index", { model: name, ...act });
  if (!told) return;
  const button = indexBox.querySelector("button"), bar = indexBox.querySelector("progress"), line = indexBox.querySelector("p");
  if (told.error) {
    line.textContent = told.error;
    stopped = true;
  } else if (told.ready) {
    state.networks.find((one) => one.name === name).indexed = true;
    if (told.note) say(told.note);
    known.clear();
    indexBox.hidden = true;
    if (name === state.model) { if (!state.given) state.unit = null; showWall(); } else { watchIndex(); showPage(); }
    return;
  } else if (told.running) {
    bar.value = told.total ? told.done / told.total : 0;
    line.textContent = `${titleOf(name)}: ${told.doing && told.doing !== "computing" ? told.doing : "looking through the bank"}, ${told.done.toLocaleString("en")} of ${told.total.toLocaleString("en")}${told.left ? `, about ${told.left} s left` : ""}`;
    indexTimer = setTimeout(() => stepIndex(name), 250);
  } else {
    line.textContent = `Stopped after ${told.done.toLocaleString("en")} of ${told.total.toLocaleString("en")} pictures. What was computed stays.`;
  }
  bar.hidden = !told.running;
  button.textContent = told.running ? "Stop" : "Go on";
}
function toggleIndex() {
  clearTimeout(indexTimer);
  const [name] = unindexed(), stop = indexBox.querySelector("button").textContent === "Stop";
  stopped = stop;
  if (name) stepIndex(name, stop ? { stop } : { start: true });
}

// ---- activation maximisation ----
const dreamFigure = part("[data-panel=dream]"), dreamButton = part("[data-do=dream]"), dreamBar = dreamFigure.querySelector("progress");
const unitOf = ({ model, stage, unit }) => [model, stage, unit].join(" ");
async function showDream() {
  clearTimeout(dreamTimer);
  stepDream({ start: false, stop: false });
}
const makeDream = () => { clearTimeout(dreamTimer); const stop = dreamButton.textContent === "Stop"; stepDream({ start: !stop, stop }); };
async function stepDream(more) {
  const { model, stage, unit } = state, told = await ask("dream", "neuron_dream", { model, stage, unit, ...more });
  if (!told || unitOf(state) !== [model, stage, unit].join(" ")) return;
  const running = Boolean(told.running), image = told.src ? await pictureOf(told.src) : null;
  if (unitOf(state) !== [model, stage, unit].join(" ")) return;
  dreamFigure.classList.toggle("made", Boolean(image));
  dreamFigure.querySelector(".save").hidden = !image;
  const canvas = dreamFigure.querySelector("canvas");
  if (image) frameOf(dreamFigure, image, 512);
  else Object.assign(canvas, { width: 4, height: 4 });
  canvas.setAttribute("aria-label", [image ? `Synthetic picture of unit ${unit}` : "Synthetic picture, not made yet", told.error || told.told].filter(Boolean).join(". "));
  Object.assign(dreamBar, { hidden: !running, value: running && told.total ? told.done / told.total : 0 });
  dreamButton.textContent = running ? "Stop" : told.src && !told.ready ? "Start again" : "Make it";
  dreamButton.hidden = Boolean(told.ready);
  dreamFigure.querySelector("figcaption").textContent = told.error || told.told || "";
  root.dataset.dream = `${[model, stage, unit].join(" ")} ${told.ready ? "ready" : running ? "running" : "none"}`;
  if (running) dreamTimer = setTimeout(() => stepDream({ start: false, stop: false }), 250);
}

// ---- start ----
readLink();
part(".many input").value = state.k;
part(".many output").textContent = state.k;
link.onShow((tab, photo) => {
  if (tab !== TAB) { clearTimeout(indexTimer); clearTimeout(dreamTimer); return; }
  if (state.photo === photo && state.wall) { watchIndex(); writeLink(); return; }
  state.photo = photo;
  if (state.wall && state.wall.indexed) showPhoto();
  else openTab();
});
new MutationObserver(() => { if (state.page) drawDistribution(); }).observe(document.body, { attributeFilter: ["class"] }); // dark, light
new ResizeObserver(([{ contentRect }]) => { if (state.page && contentRect.width) drawDistribution(); }).observe(part("[data-panel=distribution] .stage"));
