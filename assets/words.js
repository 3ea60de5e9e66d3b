// The tab "Words": what was chosen, the link, and who asks Python for what. words_lists.js and words_pictures.js draw.
// Words that a person typed, and all that Python answers, go in as text, never as markup.
const root = element.querySelector(".words"), part = (name) => root.querySelector(name), parts = (name) => [...root.querySelectorAll(name)];
const link = window.lab, TAB = "words";
const FIELDS = { a: "wa", b: "wb", c: "wc", word: "w", one: "w1", other: "w2", kind: "wkind", layout: "wmap", group: "wgroup", left: "wleft", right: "wright", bottom: "wbottom", top: "wtop" };
const STARTS = { a: "man", b: "woman", c: "boy", word: "red", one: "dog", other: "puppy", kind: "visual", layout: "pca", group: "all", left: "man", right: "woman", bottom: "child", top: "adult" };
const MAPPED = ["kind", "layout", "group", "left", "right", "bottom", "top"];
// pictured: the last word that the vocabulary holds, whose pictures are shown
const state = { ...STARTS, show: false, order: "likely", photo: null, ready: false, known: new Set(), answered: null, pictured: STARTS.word };
const { make } = window.lab;
const field = (name) => part(`[data-set="${name}"]`);
const say = (place, sentence) => Object.assign(part(place), { textContent: sentence || "", hidden: !sentence });
const clean = (text) => text.trim().toLowerCase();

// ---- the link: only what differs from the start ----
function readLink() {
  for (const [name, key] of Object.entries(FIELDS)) state[name] = (link.get(key) || state[name]).slice(0, 60);
  state.show = link.get("wquery") === "on";
  state.order = link.get("worder") === "unusual" ? "unusual" : "likely";
}
function writeLink() {
  if (link.tab !== TAB) return;
  const values = Object.fromEntries(Object.entries(FIELDS).map(([name, key]) => [key, state[name] === STARTS[name] ? null : state[name]]));
  link.set({ ...values, wquery: state.show ? "on" : null, worder: state.order === "unusual" ? "unusual" : null });
}
function fillFields() {
  for (const name of Object.keys(FIELDS)) {
    const here = field(name);
    if (here.tagName === "INPUT" && document.activeElement !== here) fit(Object.assign(here, { value: state[name] }));
    if (here.tagName === "SELECT") here.value = state[name];
  }
  field("show").checked = state.show;
  part(".axes").hidden = state.layout !== "axes";
}
const fit = (input) => { input.style.width = `${Math.max(4, Math.min(18, input.value.length + 1))}ch`; };

const { ask } = window.lab.asker(server);

async function start() {
  const answer = await ask("start", "words_start", {});
  if (!answer) return;
  say(".message", answer.error);
  root.classList.toggle("failed", Boolean(answer.error));
  if (answer.error) return;
  state.known = new Set(answer.words);
  part("#words-known").replaceChildren(...answer.words.map((value) => make("option", { value })));
  field("group").replaceChildren(...answer.groups.map(([value, textContent]) => make("option", { value, textContent })));
  showExamples(answer.examples);
  state.ready = true;
  fillFields();
  for (const name of ["kind", "layout", "group"]) if (!field(name).value) state[name] = STARTS[name]; // a link may name what is not offered
  fillFields();
  writeLink();
  askSum();
  askWord();
  askPair();
  askPhoto();
  askMap();
}
async function askSum() {
  const { a, b, c, show } = state;
  part(".formula").textContent = `${b} − ${a} + ${c}`;
  const answer = await ask("sum", "words_analogy", { a, b, c, show });
  if (!answer) return;
  showSum(answer);
  if (!answer.problems || state.answered) return;
  const example = await ask("example", "words_analogy", STARTS); // behind an unknown word of a link stands what the tab begins with
  if (example?.kinds && !state.answered) showAnswers(example);
}
async function askWord() {
  const answer = await ask("word", "words_word", { word: state.word });
  if (!answer) return;
  showWord(answer);
  if (!answer.problems && !answer.error) state.pictured = answer.word;
  if (!answer.error) askPictures({ start: true });
}
async function askPair() {
  const answer = await ask("pair", "words_pair", { one: state.one, other: state.other });
  if (answer) showPair(answer);
}
async function askPhoto() {
  if (!state.photo || !state.ready) return;
  part(".photo").classList.add("waiting");
  const answer = await ask("photo", "words_photo", { photo: state.photo });
  if (answer) showPhoto(answer);
}
function askMap() {
  onMap.turn += 1;
  onMap.stopped = false;
  props.value = { ...Object.fromEntries(MAPPED.map((name) => [name, state[name]])), turn: onMap.turn, client: onMap.client };
  setTimeout(() => trigger("draw"), 0);
}

// ---- what the hand does ----
const FOLLOWS = { a: askSum, b: askSum, c: askSum, show: askSum, word: askWord, one: askPair, other: askPair };
function set(name, value) {
  if (state[name] === value) return;
  state[name] = value;
  fillFields();
  writeLink();
  (FOLLOWS[name] || askMap)();
}
function choose(word) {
  if (state.known.has(word)) set("word", word);
}
function useSum([a, b, c]) {
  Object.assign(state, { a, b, c });
  fillFields();
  writeLink();
  askSum();
}
root.addEventListener("input", (event) => {
  const { set: name } = event.target.dataset;
  if (!name || event.target.type === "checkbox" || event.target.tagName === "SELECT") return;
  fit(event.target);
  if (state.known.has(clean(event.target.value))) set(name, clean(event.target.value)); // a whole word: answered at once
});
root.addEventListener("change", (event) => {
  const { set: name } = event.target.dataset;
  if (!name) return;
  if (event.target.type === "checkbox") set(name, event.target.checked);
  else set(name, event.target.tagName === "SELECT" ? event.target.value : clean(event.target.value));
});
part(".sum").addEventListener("submit", (event) => event.preventDefault());
root.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.tagName === "INPUT") { event.preventDefault(); event.target.dispatchEvent(new Event("change", { bubbles: true })); }
});
