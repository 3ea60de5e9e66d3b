// The tab "Neurons": what was chosen, the link, and who asks Python for what. The parts that draw stand in neurons_*.js.
const root = element.querySelector(".neurons"), part = (name) => root.querySelector(name), parts = (name) => [...root.querySelectorAll(name)];
const link = window.lab, TAB = "neurons", K = 5;
const SORTS = ["number", "sparsity", "peak", "label", "photo"];
const state = { model: null, stage: null, unit: null, given: false, k: K, sort: "sparsity", versus: "", filters: false, photo: null, networks: [], wall: null, page: null, other: null, open: false };
const { make, digits } = window.lab;
const say = (sentence) => Object.assign(part(".message"), { textContent: sentence || "", hidden: !sentence });

// ---- the link ----
// The stage is `layer` there: `stage=on` is the projector's switch. Old links carry the stage under that name.
const oldStage = () => (link.get("stage") === "on" ? null : link.get("stage"));
function readLink() {
  const unit = parseInt(link.get("unit"), 10), k = parseInt(link.get("k"), 10);
  Object.assign(state, {
    model: link.get("model"), stage: link.get("layer") || oldStage(), versus: link.get("versus") || "", filters: link.get("tiles") === "filters",
    unit: unit >= 0 ? unit : null, given: unit >= 0, k: k >= 1 && k <= 25 ? k : K, sort: SORTS.includes(link.get("sort")) ? link.get("sort") : "sparsity",
  });
}
function writeLink() {
  if (link.tab !== TAB) return;
  const { model, stage, unit, versus } = state;
  link.set({ model, layer: stage, versus, unit: state.given || (state.wall && state.wall.indexed) ? unit : null, k: state.k === K ? null : state.k, sort: state.sort === "sparsity" ? null : state.sort, tiles: state.filters ? "filters" : null });
}

// ---- asking ----
const { ask, forget } = window.lab.asker(server), known = new Map();
// A unit's page does not change while the index stands, so arrow keys may go back and forth for nothing.
async function askOnce(place, name, query) {
  const key = name + JSON.stringify(query) + Boolean(state.wall && state.wall.indexed);
  if (known.has(key)) {
    forget(place);
    return known.get(key);
  }
  const answer = await ask(place, name, query);
  if (answer && !answer.error && answer.keep) {
    if (known.size > 400) known.delete(known.keys().next().value);
    known.set(key, answer);
  }
  return answer;
}
const about = (more = {}) => ({ model: state.model, stage: state.stage, unit: state.unit, photo: state.photo, ...more });

// ---- what follows from what ----
async function openTab() {
  const answer = await ask("networks", "neuron_networks", null);
  if (!answer) return;
  say(answer.error);
  state.networks = answer.networks || [];
  if (!state.networks.length) return;
  const names = state.networks.map((one) => one.name);
  if (!names.includes(state.model)) Object.assign(state, { unit: state.model ? null : state.unit, model: answer.start });
  if (!names.includes(state.versus) || state.versus === state.model) state.versus = "";
  fillNetworks();
  await showWall();
}
async function showWall() {
  root.classList.add("waiting");
  const wall = await ask("wall", "neuron_wall", about());
  if (!wall) return;
  root.classList.remove("waiting");
  say(wall.error || wall.notice);
  root.classList.toggle("failed", Boolean(wall.error));
  if (wall.error) return;
  if (wall.stage !== state.stage) Object.assign(state, { stage: wall.stage, unit: state.stage ? null : state.unit });
  if (state.unit !== null && state.unit >= wall.count) state.unit = null;
  state.wall = wall;
  drawStages();
  drawWall();
  if (state.unit === null) Object.assign(state, { unit: order()[0], given: false });
  watchIndex();
  await showUnit();
}
async function showUnit() {
  markTile();
  writeLink();
  showPage();
  showPhoto();
  showDream();
}
function choose(unit) {
  if (unit === state.unit || unit === undefined) return;
  Object.assign(state, { unit, given: true });
  showUnit();
}

// ---- the controls ----
function fillNetworks() {
  const options = () => state.networks.map((one) => make("option", { value: one.name, textContent: one.title }));
  part("[data-set=model]").replaceChildren(...options());
  part("[data-set=versus]").replaceChildren(make("option", { value: "", textContent: "off" }), ...options().filter((one) => one.value !== state.model));
  part("[data-set=model]").value = state.model;
  part("[data-set=versus]").value = state.versus;
  part("[data-set=versus]").disabled = state.networks.length < 2;
}
function drawStages() {
  const buttons = state.wall.stages.map((stage) => {
    const chosen = stage.name === state.stage;
    const button = make("button", { type: "button", textContent: stage.name, title: `${stage.width} units`, tabIndex: chosen ? 0 : -1 });
    button.dataset.stage = stage.name;
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", String(chosen));
    return button;
  });
  const held = document.activeElement && document.activeElement.dataset.stage;
  part(".stages").replaceChildren(...buttons);
  if (held) buttons.find((one) => one.tabIndex === 0)?.focus();
}
const setStage = (stage) => { if (stage !== state.stage) { Object.assign(state, { stage, unit: null }); showWall(); } };
function setModel(model, unit = null) {
  if (state.versus === model) state.versus = unit === null ? "" : state.model;
  Object.assign(state, { model, unit, given: unit !== null });
  fillNetworks();
  showWall();
}
part("[data-set=model]").addEventListener("change", (event) => setModel(event.target.value));
part("[data-set=versus]").addEventListener("change", (event) => { state.versus = event.target.value; writeLink(); watchIndex(); showPage(); });
part(".many input").addEventListener("input", (event) => {
  state.k = Number(event.target.value);
  part(".many output").textContent = state.k;
  writeLink();
  showPage();
});
root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { stage, sort, step } = button.dataset, what = button.dataset.do;
  if (stage) setStage(stage);
  else if (sort) setSort(sort);
  else if (step) stepUnit(Number(step));
  else if (what === "filters") setFilters(!state.filters);
  else if (what === "swap") setModel(state.versus, state.other.unit);
  else if (what === "index") toggleIndex();
  else if (what === "dream") makeDream();
  else if (button.classList.contains("save")) savePart(button);
});
// Stages and sorts are radio groups: arrow keys move along them.
for (const group of [part(".stages"), part(".sorts")]) {
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], buttons = [...group.children].filter((one) => !one.disabled);
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
}
