// The controls above a feature map. What a person sets goes into the link, and as one question to Python; the latest question counts.
const box = element.querySelector(".map-controls"), $ = (selector) => box.querySelector(selector);
const lab = window.lab;
const field = (name) => $(`[data-name="${name}"]`);
const { make } = window.lab;
const WORDS = ["model", "stage", "other", "other_stage", "layout", "color"], NUMBERS = ["seed", "unit", "clusters"];
const client = Math.random().toString(36).slice(2);
let set = {}, turn = 0, asked = false, touched = false, stopped = false;

// ---- the link
function readLink() {
  for (const name of WORDS) { const value = lab.get(`map_${name}`); if (value !== null) set[name] = value === "none" ? "" : value; }
  for (const name of NUMBERS) { const value = parseInt(lab.get(`map_${name}`), 10); if (Number.isFinite(value)) set[name] = value; }
  if (lab.get("map_same") === "on") set.same = true;
  const layout = props.layouts[set.layout], knobs = String(lab.get("map_knobs") || "").split(",").map(parseFloat);
  if (layout) set.knobs = Object.fromEntries(layout.knobs.map((knob, i) => [knob.name, knobs[i]]).filter(([, value]) => Number.isFinite(value)));
}
function writeLink() {
  const values = Object.fromEntries([...WORDS, ...NUMBERS].map((name) => [`map_${name}`, set[name] === "" ? "none" : set[name]]));
  if (set.color !== "unit") values.map_unit = null;
  if (set.color !== "cluster") values.map_clusters = null;
  const layout = props.layouts[set.layout];
  lab.set({ ...values, map_same: set.same ? "on" : null, map_knobs: layout ? layout.knobs.map((knob) => set.knobs[knob.name]).join(",") : null });
}

// ---- asking
function ask() {
  [asked, stopped] = [true, false];
  clearTimeout(ask.again);
  turn += 1;
  box.dataset.done = "";
  props.value = { ...set, turn, client, picked: parseInt(lab.get("map_point"), 10) }; // the map itself may not be mounted yet
  if (touched) writeLink();
  clearTimeout(ask.mark);
  ask.mark = setTimeout(() => box.classList.add("waiting"), 150);
  setTimeout(() => trigger("draw"), 0);
}
function change(name, value) {
  touched = true;
  set[name] = value;
  // the same stage of the other network, as long as nobody chose another
  if (name === "stage" && set.other && stagesOf(set.other).includes(value)) set.other_stage = value;
  if (name === "layout") set.knobs = {};
  show();
  ask();
}

// ---- what is offered and chosen
const stagesOf = (model) => (props.known && props.known.stages[model]) || [];
function offer(select, options, value) {
  if (options.length && !options.some(([name]) => name === value)) options = [...options, [value, value || "the last"]];
  const before = [...select.options].map((option) => option.value + option.text).join();
  if (before !== options.map(([name, title]) => name + title).join()) select.replaceChildren(...options.map(([value, textContent]) => make("option", { value, textContent })));
  select.value = value;
}
function show() {
  const known = props.known;
  if (!known) return;
  offer(field("model"), known.models, set.model);
  offer(field("other"), [["", "nothing"], ...known.models], set.other);
  for (const [model, stage] of [["model", "stage"], ["other", "other_stage"]]) offer(field(stage), stagesOf(set[model]).map((name) => [name, name]), set[stage]);
  offer(field("color"), known.colors, set.color);
  field("other_stage").closest("label").hidden = !set.other;
  const layout = props.layouts[set.layout];
  for (const button of $(".layouts").children) button.setAttribute("aria-pressed", String(button.dataset.layout === set.layout));
  $(".seed").hidden = !layout.seeded && set.color !== "cluster";
  $(".unit").hidden = set.color !== "unit";
  $(".clusters").hidden = set.color !== "cluster";
  $(".same").hidden = !known.patches;
  for (const name of NUMBERS) if (document.activeElement !== field(name)) field(name).value = set[name];
  field("same").checked = Boolean(set.same);
  showKnobs(layout);
}
function showKnobs(layout) {
  const names = layout.knobs.map((knob) => knob.name).join();
  if ($(".knobs").dataset.names !== names) {
    $(".knobs").dataset.names = names;
    $(".knobs").replaceChildren(...layout.knobs.map((knob) => {
      const onOff = knob.high - knob.low === knob.step, input = onOff ? make("input", { type: "checkbox" }) : make("input", { type: "range", min: knob.low, max: knob.high, step: knob.step });
      input.dataset.knob = knob.name;
      const figure = make("b"), label = make("label", { title: knob.hint }, make("span", { textContent: knob.label }, figure), onOff ? make("em", {}, input, "on") : input);
      input.oninput = () => { figure.textContent = onOff ? "" : input.value; };
      input.onchange = () => change("knobs", { ...set.knobs, [knob.name]: onOff ? +input.checked : +input.value });
      return label;
    }));
  }
  for (const knob of layout.knobs) {
    const input = $(`[data-knob="${knob.name}"]`), value = set.knobs && set.knobs[knob.name] !== undefined ? set.knobs[knob.name] : knob.start;
    if (input.type === "checkbox") input.checked = value > 0;
    else if (document.activeElement !== input) input.value = value;
    input.oninput();
  }
}

// ---- what Python says
const current = (told) => told && told.turn === turn;
function useKnown() {
  if (!current(props.known)) return;
  set = { ...set, ...props.known.chosen };
  show();
  if (touched) writeLink();
}
function useStatus() {
  const status = props.status;
  if (!status || stopped) return;
  if (!current(status)) {
    // While the page is being mounted an event may carry the value from before; its answer shows that, and the question is put again.
    if (status.turn < turn && (status.turn === 0 || status.done || status.problem)) { clearTimeout(ask.again); ask.again = setTimeout(ask, 100); }
    return;
  }
  clearTimeout(ask.mark);
  box.classList.remove("waiting");
  const work = $(".work");
  work.hidden = !status.working;
  if (status.working) { work.querySelector("span").textContent = status.working; work.querySelector("progress").value = status.share || 0; }
  for (const [name, text] of [[".problem", status.problem], [".note", status.note]]) { $(name).textContent = text || ""; $(name).hidden = !text; }
  box.dataset.done = status.done ? String(turn) : "";
}
function useFaith() {
  $(".faith").replaceChildren(...(props.faith || []).map((one) => {
    const line = make("p", {}, make("b", { textContent: `${one.kept.toFixed(1)} of ${one.k}` }), ` true neighbours stay · trustworthiness ${one.trust.toFixed(2)}`);
    line.title = "How many of a picture's nearest neighbours are its nearest on the map too (mean), and trustworthiness: 1 is faithful, 0.5 is chance.";
    if (props.faith.length > 1) line.prepend(make("span", { textContent: one.name }));
    if (one.note) line.append(make("small", { textContent: one.note }));
    return line;
  }));
}

for (const [name, layout] of Object.entries(props.layouts)) {
  const button = make("button", { type: "button", textContent: layout.title });
  button.dataset.layout = name;
  button.onclick = () => change("layout", name);
  $(".layouts").append(button);
}
box.addEventListener("change", (event) => {
  const name = event.target.dataset.name;
  if (!name) return;
  if (NUMBERS.includes(name)) { if (event.target.value !== "") change(name, +event.target.value); }
  else change(name, event.target.type === "checkbox" ? event.target.checked : event.target.value);
});
$("[data-do=stop]").addEventListener("click", () => {
  stopped = true; // what is still on its way tells of work that ends
  clearTimeout(ask.again);
  $(".work").hidden = true;
  $(".note").textContent = "Stopped. What is done so far is kept; any change goes on.";
  $(".note").hidden = false;
  trigger("stop");
});
watch("known", useKnown);
watch("status", useStatus);
watch("faith", useFaith);
readLink();
let photo = null;
lab.onShow((tab, key) => {
  if (tab !== TAB) return;
  // another photo of the strip takes the place of the picked picture
  if (photo !== null && key !== photo) document.dispatchEvent(new CustomEvent("lab:fly", { detail: { map: "map", index: -1 } }));
  photo = key;
  if (!asked || !box.dataset.done) ask();
});
