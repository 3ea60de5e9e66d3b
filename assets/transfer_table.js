// The table: every teacher against every task. The supervised network stands above and the untrained one below, however it is sorted.
const ENDS = { supervised: 0, "self-supervised": 1, untrained: 2 };
const COSTS = { minutes: ["Minutes", "pre-training"], images: ["Pictures", "thousands"] };

const valueIn = (teacher, column) => (column in COSTS ? teacher[column] : (cellOf(teacher.name, column) || { score: null }).score);
const columnNow = () => (state.order === "story" || state.order in COSTS || taskOf(state.order) ? state.order : state.task);
function sorted() {
  const column = columnNow(), sign = state.down ? -1 : 1, { teachers } = state.results;
  const rank = new Map(teachers.map((one, index) => [one.name, index]));
  return [...teachers].sort((a, b) => {
    if (ENDS[a.kind] !== ENDS[b.kind]) return ENDS[a.kind] - ENDS[b.kind];
    const [one, other] = column === "story" ? [null, null] : [valueIn(a, column), valueIn(b, column)];
    if (one === null || other === null) return one === other ? rank.get(a.name) - rank.get(b.name) : one === null ? 1 : -1;
    return sign * (one - other) || rank.get(a.name) - rank.get(b.name);
  });
}
// The best free teacher of a task, which the table frames; null where fewer than two were measured.
function bestOf(task) {
  const free = state.results.teachers.filter((one) => one.kind === "self-supervised").map((one) => cellOf(one.name, task.name)).filter(Boolean);
  return free.length > 1 ? free.reduce((best, cell) => (cell.score > best.score ? cell : best)) : null;
}

function drawBoard() {
  const { tasks } = state.results, held = document.activeElement && part(".board").contains(document.activeElement) ? document.activeElement.dataset.at : null;
  const head = make("tr", {}, headCell("story", "Teacher", columnNow() === "story" ? "in the order of the field" : ""));
  for (const task of tasks) head.append(headCell(task.name, task.title, task.score, task));
  for (const [name, [title, small]] of Object.entries(COSTS)) head.append(headCell(name, title, small));
  const body = make("tbody"), best = new Map(tasks.map((task) => [task.name, bestOf(task)]));
  for (const teacher of sorted()) body.append(drawRow(teacher, tasks, best));
  const table = make("table", {}, make("thead", {}, head), body);
  table.setAttribute("aria-label", `Teachers against tasks, ${state.protocol}, ${percent(state.share)} of the labels. Arrow keys go from cell to cell.`);
  part(".board").replaceChildren(table);
  const stop = part(`.board [data-at="${CSS.escape(held || "")}"]`) || part(".board td button") || part(".board tbody button");
  if (stop) stop.tabIndex = 0;
  if (held && stop) stop.focus();
  noteBoard(best);
}
function headCell(column, title, small, task) {
  const on = columnNow() === column, button = make("button", { type: "button" }, make("b", { textContent: title }), make("small", { textContent: small }));
  const cell = make("th", { scope: "col", className: column === "story" ? "corner" : column in COSTS ? "cost-column" : "" }, button);
  cell.setAttribute("aria-sort", on && column !== "story" ? (state.down ? "descending" : "ascending") : "none");
  if (task) {
    cell.classList.toggle("charted", task.name === state.task);
    button.title = [`${task.score}, ${task.classes} classes`, task.chance === null ? "" : `chance ${task.chance}\u00a0%`, task.caveat, "A click sorts, and draws this task in the charts."].filter(Boolean).join("; ");
  } else button.title = column === "story" ? "Sort as the teachers came into the field" : "Sort by what the pre-training cost";
  button.dataset.column = column;
  button.addEventListener("click", () => sortBy(column));
  return cell;
}
function sortBy(column) {
  const again = columnNow() === column && column !== "story";
  set({ order: column, down: again ? !state.down : !(column in COSTS), ...(taskOf(column) ? { task: column } : {}) });
  part(`.board th button[data-column="${CSS.escape(column)}"]`).focus();
}
function drawRow(teacher, tasks, best) {
  const name = make("button", { type: "button", tabIndex: -1, title: `${seat(teacher.name) < 0 ? "Choose" : "Let go of"} this teacher: the chosen ones stand out in the charts, and race` }, swatch(teacher.name), make("span", { textContent: teacher.title }));
  name.dataset.teacher = name.dataset.at = teacher.name;
  name.setAttribute("aria-pressed", String(seat(teacher.name) >= 0));
  name.addEventListener("click", () => toggle(teacher.name));
  const row = make("tr", { className: teacher.kind === "self-supervised" ? "" : "end" }, make("th", { scope: "row" }, name));
  if (seat(teacher.name) >= 0) row.style.setProperty("--seat", COLORS[seat(teacher.name)]);
  for (const task of tasks) row.append(make("td", { className: task.name === state.task ? "charted" : "" }, drawCell(teacher, task, best.get(task.name))));
  row.append(make("td", { className: "cost-column", textContent: teacher.minutes === null ? "\u2013" : fixed(teacher.minutes, 0) }));
  row.append(make("td", { className: "cost-column", textContent: teacher.images === null ? "\u2013" : fixed(teacher.images / 1000, 0) }));
  return row;
}
function drawCell(teacher, task, best) {
  const cell = cellOf(teacher.name, task.name), button = make("button", { type: "button", tabIndex: -1 });
  button.dataset.at = `${teacher.name} ${task.name}`;
  if (!cell) {
    button.append("\u2013");
    button.title = `${teacher.title}, ${task.title}: not measured with ${state.protocol} and ${percent(state.share)} of the labels`;
  } else {
    const below = teacher.kind === "self-supervised" && (shown(cell, "gain") ?? 1) < 0, value = shown(cell);
    button.append(make("b", { textContent: inFigure(value) }), make("small", { textContent: spreadOf(cell) }));
    if (below) button.prepend(make("i", { className: "below", textContent: "\u2193" }));
    button.classList.toggle("best", cell === best);
    button.style.setProperty("--heat", Math.round(100 * heatOf(cell)));
    button.title = inFull(cell) + (cell === best ? "; the best free teacher here" : below ? "; below untrained" : "");
  }
  button.setAttribute("aria-label", button.title);
  button.addEventListener("click", () => { Object.assign(state, { task: task.name }); if (seat(teacher.name) < 0) toggle(teacher.name); else set({}); });
  return button;
}
function spreadOf(cell) {
  if (cell.spread === null) return "";
  const end = endOf("supervised", cell);
  if (state.figure === "share") return end && end.score ? `\u00b1\u202f${fixed((100 * cell.spread) / end.score, 0)}` : "";
  return `\u00b1\u202f${fixed(cell.spread, 1)}`;
}
// How far a cell is from the lowest to the highest of its column, 0 to 1.
function heatOf(cell) {
  const all = state.results.teachers.map((one) => cellOf(one.name, cell.task)).filter(Boolean).map((one) => one.score);
  return place(cell.score, Math.min(...all), Math.max(...all), 0, 1);
}
function noteBoard(best) {
  const { tasks } = state.results, any = tasks.some((task) => state.results.teachers.some((one) => cellOf(one.name, task.name)));
  if (!any) return (part(".board-note").textContent = `Nothing was measured for ${state.protocol} with ${percent(state.share)} of the labels.`);
  const told = [`${state.figure === "score" ? "Scores in per cent" : state.figure === "share" ? "Scores in per cent of what the supervised network reaches" : "Points above the untrained network"}, higher is better`];
  if ([...best.values()].some(Boolean)) told.push("framed: the best free teacher");
  told.push("\u2193: below untrained", "\u00b1: standard deviation over seeds");
  if (tasks.some((task) => state.results.teachers.some((one) => shown(cellOf(one.name, task.name)) === null))) told.push("\u2013: not measured");
  if (state.protocol === "fine-tune") told.push("untrained is training from scratch");
  part(".board-note").textContent = `${state.room && `${state.room}. `}${told.join("; ")}.`;
}
part(".board").addEventListener("keydown", (event) => {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key], here = event.target.closest("tbody td, tbody th");
  if (!step || !here) return;
  event.preventDefault();
  const rows = [...here.closest("tbody").rows], row = rows[rows.indexOf(here.parentElement) + step[0]], next = row && row.cells[here.cellIndex + step[1]] && row.cells[here.cellIndex + step[1]].querySelector("button");
  if (!next) return;
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
part("[data-save=csv]").addEventListener("click", () => {
  const head = ["teacher", "kind", "task", "protocol", "share of labels", "score", "metric", "spread", "seeds", "stage", "share of supervised", "gain over untrained", "pre-training minutes", "pre-training pictures"];
  const rows = state.results.cells.filter((cell) => cell.protocol === state.protocol && cell.share === state.share).map((cell) => {
    const teacher = teacherOf(cell.teacher), [share, gain] = ["share", "gain"].map((figure) => shown(cell, figure)).map((value) => (value === null ? null : Number(value.toFixed(3))));
    return [cell.teacher, teacher.kind, cell.task, cell.protocol, cell.share, cell.score, taskOf(cell.task).score, cell.spread, cell.seeds, cell.stage, share, gain, teacher.minutes, teacher.images];
  });
  saveRows([head, ...rows], `transfer-${state.protocol.replace(" ", "-")}-${100 * state.share}.csv`);
});
