// The tab "Failures": what was chosen, the link, and who asks Python for what. The parts that draw stand in failures_*.js.
const root = element.querySelector(".failures"), part = (name) => root.querySelector(name), parts = (name) => [...root.querySelectorAll(name)];
const link = window.lab, TAB = "failures", VIEWS = ["result", "map", "truth"];
const state = { modes: [], models: [], mode: null, model: null, given: false, view: "result", photo: null, bank: "", pictures: 0, atOnce: false, mine: new Map(), open: false };
const { make } = window.lab;
const digits = (value) => (value && Math.abs(value) < 1 ? value.toFixed(2) : link.digits(value));
const percent = (share) => `${share > 0 && share < 0.005 ? "< 1" : Math.round(100 * share)}\u00a0%`;
const say = (sentence) => Object.assign(part(".message"), { textContent: sentence || "", hidden: !sentence });
const modeOf = (id) => state.modes.find((mode) => mode.id === id), modelOf = (name) => state.models.find((model) => model.name === name);
const does = (model, mode) => model.tasks.includes(mode.task);
// A score with its unit, in full and as it stands under a picture: "12.3 ab units" and "12.3 ab".
const SHORT = { degrees: "\u00b0", "ab units": "\u00a0ab" };
const unitOf = (mode) => (mode.unit.startsWith("%") ? "\u00a0%" : `\u00a0${mode.unit}`);
const withUnit = (score, mode) => digits(score) + unitOf(mode);
const inShort = (score, mode) => digits(score) + (SHORT[mode.unit] || unitOf(mode));

// ---- the link: the mode, the network and what the pictures show ----
function readLink() {
  Object.assign(state, { mode: link.get("mode"), model: link.get("network"), view: VIEWS.includes(link.get("seen")) ? link.get("seen") : "result" });
  state.given = Boolean(state.mode && state.model);
}
function writeLink() {
  if (link.tab === TAB) link.set({ mode: state.given ? state.mode : null, network: state.given ? state.model : null, seen: state.view === "result" ? null : state.view });
}

// ---- asking ----
const { ask, forget } = window.lab.asker(server);

// ---- what follows from what ----
async function openTab() {
  const answer = await ask("table", "failure_table", {});
  if (!answer) return;
  say(answer.error || answer.notice);
  if (answer.error) return;
  Object.assign(state, { modes: answer.modes, models: answer.models, bank: answer.bank, pictures: answer.pictures, skipped: answer.skipped, atOnce: answer.at_once, open: true });
  if (!state.given || !modelOf(state.model) || !modeOf(state.mode) || !does(modelOf(state.model), modeOf(state.mode))) {
    Object.assign(state, { given: false }, firstChoice());
  }
  part(".below").hidden = false;
  drawTables();
  drawViews();
  showChoice();
  watchJudging();
  showPhoto();
}
// The cell that a page opens with: the network that fails most often in the first mode that any of them shows often.
function firstChoice() {
  for (const least of [0.1, 0]) {
    for (const mode of state.modes) {
      const able = state.models.filter((model) => does(model, mode)), over = (model) => (model.cells && model.cells[mode.id] ? model.cells[mode.id][1] : 0);
      const worst = able.reduce((best, model) => (!best || over(model) > over(best) ? model : best), null);
      if (worst && over(worst) >= least && (least === 0 || over(worst) > 0)) return { mode: mode.id, model: worst.name };
    }
  }
  return { mode: null, model: null };
}
function choose(mode, model) {
  if (mode === state.mode && model === state.model) return;
  const network = model !== state.model;
  Object.assign(state, { mode, model, given: true });
  writeLink();
  markCell();
  showChoice();
  if (network) watchJudging();
  drawPhoto();
}
function showChoice() {
  const mode = modeOf(state.mode), model = modelOf(state.model);
  const [, share, judged] = (model.cells && model.cells[mode.id]) || [0, 0, 0], many = (count) => count.toLocaleString("en");
  const counted = judged ? `: ${many(Math.round(share * judged))} of ${many(judged)} pictures` : "";
  part(".gallery-side h3").replaceChildren(mode.title, make("small", { textContent: model.called + counted }));
  part(".asks").replaceChildren(make("b", { textContent: mode.asks }), ` A picture counts from ${mode.threshold}${unitOf(mode)} on. ${mode.because} Named by ${mode.source}. Parts of a photo that overlap are shown once.`);
  part(".scale .from").textContent = "Where: 0 is left grey,";
  part(".scale .to").textContent = mode.top === 1 ? `${mode.map_unit}.` : `${mode.top} ${mode.map_unit}.`;
  const out = [judged && judged < state.pictures ? `${many(state.pictures - judged)} without colour left out` : "", state.skipped ? `${state.skipped} could not be read` : ""];
  part(".scale .bank").textContent = [`Judged: ${many(judged || state.pictures)} of ${state.bank}`, ...out].filter(Boolean).join("; ") + ".";
  part(".scale i").classList.toggle("single", mode.top === 1);
  showGallery();
}

// ---- what the pictures show ----
function drawViews() {
  for (const button of parts(".views button")) {
    const chosen = button.dataset.view === state.view;
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  root.dataset.view = state.view;
}
function setView(view) {
  state.view = view;
  writeLink();
  drawViews();
}
part(".views").addEventListener("click", (event) => { if (event.target.dataset.view) setView(event.target.dataset.view); });
part(".views").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  setView(VIEWS[(VIEWS.indexOf(state.view) + step + VIEWS.length) % VIEWS.length]);
  part(`.views [data-view=${state.view}]`).focus();
});

// One picture with its three faces; `state.view` and the pointer say which is seen.
function faces({ src, truth, map }, alt) {
  const frame = make("span", { className: "frame" });
  for (const [face, address] of [["result", src], ["truth", truth], ["map", map]]) {
    if (address) frame.append(make("img", { className: face, src: address, alt: face === "result" ? alt : "" }));
  }
  return frame;
}
// Open a photo where it went wrong: with the same hole, if it was one.
function openIn(home, photo, mask) {
  if (mask) {
    link.set({ mask });
    document.dispatchEvent(new CustomEvent("lab:mask", { detail: mask }));
  }
  document.dispatchEvent(new CustomEvent("lab:choose", { detail: photo }));
  link.open(home.id);
}
