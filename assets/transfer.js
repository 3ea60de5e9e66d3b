// The tab "Transfer": what was chosen, the link, and who asks Python for what. The parts that draw stand in transfer_*.js.
const root = element.querySelector(".transfer"), part = (name) => root.querySelector(name), parts = (name) => [...root.querySelectorAll(name)];
const link = window.lab, TAB = "transfer", MOST = 3;
const FIGURES = { score: "Per cent", share: "Share of supervised", gain: "Gain over untrained" };
const RACES = { "linear probe": "Linear probe", "fine-tune": "Fine-tune" };
const state = {
  results: null, protocol: "linear probe", share: 1, figure: "score", task: "", order: "", down: true, teachers: [], seats: [], since: [], room: "", given: false, open: false, drawnAt: "",
  entrants: [], tracks: [], racing: { task: "", protocol: "linear probe", seconds: 20 },
};
const { make } = window.lab;
const { ask } = window.lab.asker(server);

// ---- what the figures say ----
const teacherOf = (name) => state.results?.teachers.find((one) => one.name === name), taskOf = (name) => state.results?.tasks.find((one) => one.name === name);
const titleOf = (name) => (teacherOf(name) || state.entrants.find((one) => one.name === name) || { title: name }).title;
const kindOf = (kind) => state.results.teachers.find((one) => one.kind === kind);
const cellsBy = new Map(), keyOf = (...words) => words.join("\n");
const cellOf = (teacher, task, protocol = state.protocol, share = state.share) => cellsBy.get(keyOf(teacher, task, protocol, share));
const endOf = (kind, cell) => { const end = kindOf(kind); return end && cellOf(end.name, cell.task, cell.protocol, cell.share); };
// A cell in the chosen figure, or null where its end of the scale was not measured.
function shown(cell, figure = state.figure) {
  if (!cell) return null;
  if (figure === "score") return cell.score;
  const end = endOf(figure === "share" ? "supervised" : "untrained", cell);
  return !end || (figure === "share" && !end.score) ? null : figure === "share" ? (100 * cell.score) / end.score : cell.score - end.score;
}
const fixed = (value, digits) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212");
const inFigure = (value, figure = state.figure) => (value === null ? "\u2013" : figure === "share" ? fixed(value, 0) : (figure === "gain" && value > 0 ? "+" : "") + fixed(value, 1));
const UNITS = { score: "\u00a0%", share: "\u00a0% of supervised", gain: " points over untrained" };
const unitOf = (task) => (state.figure === "score" ? `${task.score}, %` : state.figure === "share" ? "% of what labels reach" : `${task.score}, points over untrained`);
const percent = (share) => `${Number((100 * share).toPrecision(3))}\u00a0%`;
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
function inFull(cell) {
  const told = [`${titleOf(cell.teacher)}, ${taskOf(cell.task).title}: ${taskOf(cell.task).score} ${fixed(cell.score, 1)}${cell.spread === null ? "" : ` \u00b1 ${fixed(cell.spread, 1)}`}\u00a0%`];
  if (cell.seeds) told.push(`${cell.seeds} seed${cell.seeds > 1 ? "s" : ""}`);
  if (cell.stage) told.push(cell.stage);
  for (const figure of ["share", "gain"]) { const value = shown(cell, figure); if (value !== null) told.push(inFigure(value, figure) + UNITS[figure]); }
  if (cell.note) told.push(cell.note);
  return told.join("; ");
}
const seat = (name) => state.seats.indexOf(name); // which of the chosen colours and marks a teacher has, or -1
// Who is chosen: by seat, of which some may be empty so that the others keep their colours, and the oldest first.
const choose = (seats, since = seats.filter(Boolean)) => Object.assign(state, { seats, since, teachers: seats.filter(Boolean) });

// ---- the link: only what a person chose ----
const asNumber = (text, low, high, otherwise) => (text !== null && text !== "" && +text >= low && +text <= high ? +text : otherwise);
function readLink() {
  const seats = (link.get("teachers") || "").split(",").slice(0, MOST).map((name, at, all) => (all.indexOf(name) === at ? name : "")); // "a,,c": the middle one is free
  Object.assign(state, { protocol: link.get("protocol") || state.protocol, figure: link.get("figure") in FIGURES ? link.get("figure") : "score", task: link.get("column") || "", order: link.get("order") || "" });
  state.share = asNumber(link.get("share"), 0, 1, 1);
  state.down = link.get("down") !== "off";
  choose(seats);
  state.given = state.teachers.length > 0;
  Object.assign(state.racing, { task: link.get("task") || "", protocol: link.get("race") in RACES ? link.get("race") : "linear probe", seconds: Math.round(asNumber(link.get("seconds"), 5, 120, 20) / 5) * 5 });
}
function writeLink() {
  if (link.tab !== TAB || !state.open) return;
  const { racing } = state, unless = (value, start) => (value === start ? null : value);
  link.set({
    protocol: unless(state.protocol, "linear probe"), share: unless(state.share, 1), figure: unless(state.figure, "score"), column: unless(state.task, firstTask()),
    order: state.order || null, down: state.down ? null : "off", teachers: state.given ? state.seats.join(",").replace(/,+$/, "") : null,
    task: unless(racing.task, state.tracks[0] ? state.tracks[0].name : ""), race: unless(racing.protocol, "linear probe"), seconds: unless(racing.seconds, 20),
  });
}
const firstTask = () => (state.results ? state.results.tasks[0].name : "");

// ---- what follows from what ----
async function openTab() {
  const answer = await ask("open", "transfer_results", {});
  if (!answer) return;
  const { results } = answer, problem = answer.error || answer.missing;
  Object.assign(part(".message"), { textContent: problem || "", hidden: !problem });
  Object.assign(state, { results: results || null, entrants: answer.entrants || [], tracks: answer.tracks || [], open: true });
  cellsBy.clear();
  if (results) useResults(results);
  parts(".measured").forEach((one) => { one.hidden = !results; });
  if (!state.given) choose(firstTeachers());
  showParts();
  drawAll();
  openRace();
  root.dataset.ready = "yes";
}
function useResults(results) {
  for (const cell of results.cells) cellsBy.set(keyOf(cell.teacher, cell.task, cell.protocol, cell.share), cell);
  if (!results.protocols.includes(state.protocol)) state.protocol = results.protocols[0];
  state.share = shareFor(state.protocol);
  if (!taskOf(state.task)) state.task = firstTask();
  segmented("protocol", results.protocols.map((one) => [one, capital(one)]));
  segmented("share", results.shares.map((one) => [one, percent(one)]));
  segmented("figure", Object.entries(FIGURES));
  part(".measured-on").replaceChildren(...[results.measured_on, ...results.remarks.map(titled)].map((textContent) => make("p", { textContent })));
}
// A remark of the bench names networks and tasks as files do; the page has titles for them.
function titled(remark) {
  const named = [...state.results.teachers.filter((one) => one.kind === "self-supervised"), ...state.results.tasks];
  return named.reduce((told, one) => told.replace(new RegExp(`(?<![\\w-])${one.name}(?![\\w-])`, "g"), one.title), remark).replace(/(?<= )-(?=\d)/g, "\u2212");
}
// The shares of the labels with which a protocol was measured, and of these the one that is chosen or the largest.
const sharesOf = (protocol) => state.results.shares.filter((share) => state.results.cells.some((cell) => cell.protocol === protocol && cell.share === share));
function shareFor(protocol) {
  const measured = sharesOf(protocol);
  return measured.includes(state.share) || !measured.length ? state.share : measured[measured.length - 1];
}
// The best free teacher as measured, and the untrained network, which is the question of the first race.
function firstTeachers() {
  const verdict = verdictNow(), able = state.entrants.map((one) => one.name), known = (name) => name && (able.includes(name) || teacherOf(name));
  const trained = able.filter((name) => name !== "untrained" && name !== "supervised-labels");
  return [verdict && verdict.best, ...trained].filter(known).slice(0, 1).concat(["untrained"].filter(known));
}
const verdictNow = () => state.results && state.results.verdicts.find((one) => one.protocol === state.protocol && one.share === state.share);
// Charts are drawn for the width that they have and in the size of the page's type.
const sizeNow = () => `${root.clientWidth} ${rem()}`;
function drawAll() {
  state.drawnAt = sizeNow();
  drawMeasured();
  drawRacers();
}
function drawMeasured() {
  const verdict = verdictNow();
  part(".verdict").textContent = verdict ? `${capital(state.protocol)}, ${percent(state.share)} of the labels: ${verdict.told}` : "";
  if (!state.results) return;
  markSegments();
  drawBoard();
  drawCost();
  drawBars();
  drawLayers();
  drawPairs();
  drawWorlds();
}
function set(values) {
  Object.assign(state, values);
  writeLink();
  drawMeasured();
}
// Takes a teacher among the chosen ones or out of them. The fourth one takes the seat of the oldest, which the page tells.
function toggle(name) {
  const out = seat(name) >= 0, gone = !out && state.teachers.length >= MOST ? state.since[0] : "";
  const seats = Array.from({ length: MOST }, (_, at) => state.seats[at] || "");
  seats[seats.indexOf(out ? name : gone)] = out ? "" : name; // without anyone to make room: the first empty seat
  choose(seats, [...state.since.filter((one) => one !== name && one !== gone), ...(out ? [] : [name])]);
  Object.assign(state, { given: state.teachers.length > 0, room: gone && `Three at most: ${titleOf(gone)} made room` });
  writeLink();
  drawAll();
}

// ---- segmented controls ----
const SET = {
  protocol: (value) => set({ protocol: value, share: shareFor(value) }), share: (value) => set({ share: value }), figure: (value) => set({ figure: value }),
  race: (value) => { state.racing.protocol = value; writeLink(); markSegments(); showRaceWhat(); drawRace(); },
};
const chosenIn = (name) => (name === "race" ? state.racing.protocol : state[name]);
function segmented(name, options) {
  const group = part(`.group[data-set=${name}]`);
  group.replaceChildren(...options.map(([value, textContent]) => {
    const button = make("button", { type: "button", textContent });
    button.setAttribute("role", "radio");
    button.value = value;
    button.addEventListener("click", () => SET[name](value));
    return button;
  }));
}
function markSegments() {
  for (const group of parts(".group[data-set]")) {
    for (const button of group.children) {
      const chosen = button.value === String(chosenIn(group.dataset.set));
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      button.disabled = group.dataset.set === "share" && !sharesOf(state.protocol).includes(+button.value);
      button.title = button.disabled ? "not measured with this protocol" : "";
    }
  }
}
root.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], radio = event.target.closest("[role=radio]");
  if (!step || !radio) return;
  event.preventDefault();
  const all = [...radio.parentElement.children].filter((one) => !one.disabled), next = all[(all.indexOf(radio) + step + all.length) % all.length];
  next.click();
  next.focus();
});

// ---- the parts of the tab, one under the other ----
const PARTS = { race: "Race", layers: "Layers and protocols", published: "Beside the papers", pairs: "Pairs" };
function showParts() {
  part(".go").replaceChildren(...Object.entries(PARTS).filter(([name]) => name === "race" || state.results).map(([name, textContent]) => {
    const button = make("button", { type: "button", className: "quiet", textContent: `${textContent} \u2193` });
    button.addEventListener("click", () => part(`[data-part=${name}]`).scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" }));
    return button;
  }));
}
