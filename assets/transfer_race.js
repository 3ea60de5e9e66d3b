// The race: chosen teachers learn one task side by side in Python; the page asks for their laps and draws them as they come.
const run = { setting: null, laps: new Map(), count: 0, edition: "", running: false, finished: false, told: null };
const racePart = (name) => part(`.race ${name}`), action = (name) => racePart(`[data-do=${name}]`);
let raceTimer = 0;

// ---- what is chosen ----
function drawRacers() {
  const held = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.racer : null;
  part(".racers").replaceChildren(...state.entrants.map(({ name, title }) => {
    const chip = make("button", { type: "button", className: "chip" }, swatch(name), make("span", { textContent: title }));
    chip.dataset.racer = name;
    chip.setAttribute("aria-pressed", String(seat(name) >= 0));
    if (seat(name) >= 0) chip.style.setProperty("--seat", COLORS[seat(name)]);
    chip.addEventListener("click", () => toggle(name));
    return chip;
  }));
  if (held) part(`.racers [data-racer="${CSS.escape(held)}"]`)?.focus();
  showRaceButtons();
  drawRace();
}
function openRace() {
  const { racing, tracks } = state, choose = racePart("[data-race=task]"), slider = racePart("[data-race=seconds]");
  choose.replaceChildren(...tracks.map(({ name, title }) => make("option", { value: name, textContent: title })));
  if (!tracks.some((one) => one.name === racing.task)) racing.task = tracks.length ? tracks[0].name : "";
  choose.value = racing.task;
  slider.value = racing.seconds;
  segmented("race", Object.entries(RACES));
  markSegments();
  showSeconds();
  showRaceWhat();
  showTask();
  follow("");
}
const showSeconds = () => { racePart("output").textContent = `${state.racing.seconds} s`; };
function showRaceWhat() {
  racePart(".race-what").textContent = state.racing.protocol === "linear probe"
    ? "Each network is frozen and a new layer learns to read it: who makes the classes easiest to tell apart?"
    : "All of each network goes on learning from here: who starts from the best place?";
}
async function showTask() {
  const line = racePart(".caveat");
  line.textContent = "Opening the pictures.";
  const about = await ask("task", "transfer_task", { task: state.racing.task });
  if (!about) return;
  state.about = about;
  line.textContent = about.error || [about.described, about.caveat].filter(Boolean).map((text) => text.replace(/\.?$/, ".")).join(" ");
  root.dataset.task = state.racing.task;
  drawRace();
}
racePart("[data-race=task]").addEventListener("change", (event) => { state.racing.task = event.target.value; writeLink(); showTask(); });
racePart("[data-race=seconds]").addEventListener("input", (event) => { state.racing.seconds = +event.target.value; showSeconds(); });
racePart("[data-race=seconds]").addEventListener("change", writeLink);
racePart("form").addEventListener("submit", (event) => { event.preventDefault(); start(); });
action("stop").addEventListener("click", () => follow("stop"));
action("go").addEventListener("click", () => follow("go"));

// ---- following it ----
function start() {
  const { racing, teachers } = state;
  Object.assign(run, { laps: new Map(), count: 0 });
  follow("start", { teachers, ...racing });
}
async function follow(act, more = {}) {
  clearTimeout(raceTimer);
  if (act) root.dataset.race = `${act} asked`;
  const told = await ask("race", "transfer_race", { do: act, since: run.count, edition: run.edition, ...more });
  if (!told || (told.setting && told.edition === run.edition && told.since !== run.count)) return;
  if (told.error && !told.setting) {
    Object.assign(run, { running: false, told: { told: told.error } });
  } else if (told.none) Object.assign(run, { setting: null, running: false, told: null });
  else {
    if (told.edition !== run.edition) Object.assign(run, { laps: new Map(), count: 0, edition: told.edition }); // another race, or one that began anew
    for (const [name, ...lap] of told.laps) run.laps.set(name, [...(run.laps.get(name) || []), lap]);
    Object.assign(run, { setting: told.setting, count: run.count + told.laps.length, running: told.running, finished: told.finished, told });
  }
  showRaceButtons();
  tellRace();
  drawRace();
  if (run.running) raceTimer = setTimeout(() => follow(""), 250);
}
function showRaceButtons() {
  const count = state.teachers.filter((name) => state.entrants.some((one) => one.name === name)).length, again = Boolean(run.setting) && !run.running;
  Object.assign(action("start"), { disabled: run.running || count < 2, textContent: run.setting && !run.running ? "Start anew" : "Start" });
  action("stop").hidden = !run.running;
  action("go").hidden = !again || run.finished;
  racePart("fieldset legend").textContent = count < 2 ? "Choose two or three teachers" : state.room || "Two or three teachers";
}
function tellRace() {
  const { told, running, finished } = run, bar = part(".track progress"), line = part(".race-told");
  Object.assign(bar, { hidden: !running, value: told && told.done ? told.done : 0 });
  line.classList.toggle("won", finished);
  root.dataset.race = !run.setting ? "none" : running ? (run.count ? "running" : "waiting") : finished ? "finished" : told && told.error ? "failed" : "stopped";
  if (!told) return (line.textContent = "");
  const seconds = run.setting ? Math.round(told.done * run.setting.seconds) : 0, parts = [];
  if (told.note) parts.push(told.note);
  if (told.error) parts.push(told.error);
  else if (running && told.doing) parts.push(`${capital(told.doing)}.`);
  else if (running) parts.push(`${seconds} of ${run.setting.seconds} s each.`);
  else if (!finished && run.setting) parts.push(`Stopped after ${seconds} of ${run.setting.seconds} s each. What was learned stays.`);
  line.textContent = [...parts, told.told].filter(Boolean).join(" ");
}

// ---- the curves ----
// A racer looks as everywhere on the page: in the colour of its seat. Once it is no longer chosen it keeps the colour of its lane as long as
// nobody else has that one, and then is grey.
function lookOf(name, lane) {
  const at = seat(name) >= 0 ? seat(name) : lane, shape = { untrained: "cross", "supervised-labels": "diamond" }[name] || ["disc", "triangle", "square"][at];
  return { color: seat(name) >= 0 || !state.seats[lane] ? COLORS[at] : SOFT, shape, dash: DASHES[at] };
}
// What the chart shows: the race of this page, or, until there is one, how the chosen teachers did when the bench raced all of them.
function raceShown() {
  const { setting } = run, before = state.results?.races, curves = before?.curves[state.racing.protocol];
  if (!setting && curves) {
    const task = taskOf(before.task);
    return { before: true, names: state.teachers, seconds: before.seconds, title: `${task.title}, raced beforehand`, metric: task.score, chance: task.chance, scored: state.teachers.map((name) => curves[name] || []) };
  }
  const { task, seconds } = setting || state.racing, names = setting ? setting.teachers : state.teachers, track = state.tracks.find((one) => one.name === task);
  const scored = names.map((name) => (run.laps.get(name) || []).filter((lap) => lap[3] !== null).map(([, at, , score]) => [at, 100 * score]));
  const chance = state.about && !state.about.error && task === state.racing.task ? state.about.chance : null;
  return { before: false, names, seconds, title: track ? track.title : "", metric: run.told?.metric || "accuracy", chance, scored };
}
function drawRace() {
  const figure = part("[data-chart=race]"), box = figure.querySelector(".canvas"), unit = rem();
  const { before, names, seconds, title, metric, chance, scored } = raceShown();
  figure.querySelector("h3").textContent = title;
  const top = Math.max(10, chance || 0, ...scored.flat().map(([, score]) => score)), across = ticks(0, seconds, 5).filter((one) => one <= seconds);
  const y = { low: 0, ticks: ticks(0, Math.min(100, top * 1.08), 5) };
  y.high = y.ticks[y.ticks.length - 1];
  const { svg, X, Y, width, inner } = frame(box, (box.clientWidth > 600 * unit ? 430 : 300) * unit, { low: 0, high: seconds, ticks: across, title: "seconds of training, each" }, { ...y, title: `${metric} on test pictures, %` }, { right: 20 * unit });
  if (chance !== null) svg.append(draw("line", { x1: inner.left, x2: width - inner.right, y1: Y(chance), y2: Y(chance), stroke: SOFT, "stroke-dasharray": "2 5", "stroke-width": 1.5 * unit }), word("chance", width - inner.right, Y(chance) - 5 * unit, { "text-anchor": "end" }));
  const tells = [];
  names.forEach((name, at) => {
    const points = scored[at], { color, shape, dash } = lookOf(name, at);
    if (!points.length) return;
    svg.append(draw("path", { d: points.map(([x, score], k) => `${k ? "L" : "M"}${X(Math.min(x, seconds))} ${Y(score)}`).join(""), fill: "none", stroke: color, "stroke-width": 2.5 * unit, "stroke-dasharray": dash, class: "curve", "data-teacher": name }));
    for (const [x, score] of points) {
      const node = draw("g", {}, target(X(Math.min(x, seconds)), Y(score), 8 * unit), shapeAt(shape, X(Math.min(x, seconds)), Y(score), 4.5 * unit, color));
      svg.append(node);
      tells.push([node, `${titleOf(name)}: ${fixed(score, 1)}\u00a0% after ${fixed(x, 1)} s`]);
    }
  });
  telling(svg, tells);
  if (!scored.flat().length) {
    const hint = word(run.running ? "" : names.length > 1 ? "Press Start: the curves draw themselves here." : "", (inner.left + width) / 2, Y(0.75 * y.high), { "text-anchor": "middle", "font-size": 15 * unit });
    svg.append(hint);
    fitText(hint, width - inner.left - inner.right);
  }
  const told = before ? make("p", { textContent: `Each had ${seconds} s of one processor core, when the table above was measured. Start races them here and now, on the task and for the seconds that are chosen.` }) : "";
  figure.querySelector("figcaption").replaceChildren(raceKey(names), told);
  saveRace.disabled = before || !scored.flat().length;
}
const raceKey = (names) => make("span", { className: "key" }, ...names.map((name, at) => {
  const { color, shape, dash } = lookOf(name, at);
  const svg = draw("svg", { viewBox: "-16 -8 32 16", class: "swatch wide", "aria-hidden": "true" }, draw("line", { x1: -16, x2: 16, y1: 0, y2: 0, stroke: color, "stroke-width": 2.5, "stroke-dasharray": dash }), shapeAt(shape, 0, 0, 5, color));
  return make("span", {}, svg, titleOf(name));
}));
const saveRace = make("button", { type: "button", className: "quiet", textContent: "CSV", title: "Save all laps as CSV", disabled: true });
saveRace.dataset.save = "race-csv";
saveRace.setAttribute("aria-label", saveRace.title);
saveRace.addEventListener("click", () => {
  const { setting } = run, rows = setting.teachers.flatMap((name) => (run.laps.get(name) || []).map(([step, at, loss, score]) => [name, setting.task, setting.protocol, step, at, loss, score]));
  saveRows([["teacher", "task", "protocol", "step", "seconds", "loss", "score"], ...rows], `transfer-race-${setting.task}-${setting.protocol.replace(" ", "-")}.csv`);
});
part("[data-chart=race] .saves").prepend(saveRace);
