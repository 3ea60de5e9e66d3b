// The tables, one for what colours and one for what fills, and the judging of the bank that fills them.
const TASKS = { colorize: "Colouring", inpaint: "Inpainting" };
const judgeBox = part(".judging");
let revealed = "", judgeTimer = 0, stopped = false, failed = new Set();

// Where a narrow column may break the longest words.
const hyphenated = (title) => title.replace(/nconsisten/, "ncon\u00adsisten").replace("desaturated", "desatu\u00adrated");

function drawTables() {
  const tables = Object.entries(TASKS).map(([task, title]) => {
    const modes = state.modes.filter((mode) => mode.task === task), models = state.models.filter((model) => model.tasks.includes(task));
    return models.length ? drawTable(title, modes, models) : "";
  });
  const held = document.activeElement && document.activeElement.dataset.model, scrolled = parts(".table").map((box) => box.scrollLeft);
  part(".tables").replaceChildren(...tables);
  parts(".table").forEach((box, number) => { box.scrollLeft = scrolled[number] || 0; });
  markCell();
  if (held) part(".tables [aria-pressed=true]")?.focus({ preventScroll: true });
}
function drawTable(title, modes, models) {
  const head = make("tr", {}, make("th", { className: "corner", textContent: title, scope: "col" }));
  for (const mode of modes) head.append(make("th", { textContent: hyphenated(mode.title), scope: "col", title: `${mode.asks} Score in ${mode.unit}.` }));
  const body = make("tbody");
  for (const model of models) {
    const row = make("tr", {}, make("th", { scope: "row" }, make("small", { textContent: model.method }), model.title));
    for (const mode of modes) row.append(make("td", {}, drawCell(mode, model)));
    body.append(row);
  }
  const table = make("table", {}, make("thead", {}, head), body);
  table.setAttribute("aria-label", `${title}: networks against modes. Arrow keys go from cell to cell.`);
  const box = make("div", { className: "table" }, table);
  box.style.setProperty("--columns", modes.length);
  return box;
}
function drawCell(mode, model) {
  const cell = model.cells && model.cells[mode.id], button = make("button", { type: "button", tabIndex: -1 });
  Object.assign(button.dataset, { mode: mode.id, model: model.name });
  const mine = state.mine.get(model.name), here = mine && mine.scores[mode.id] && mine.scores[mode.id].over;
  button.append(make("b", { textContent: cell ? percent(cell[1]) : model.cells ? "–" : "·" }), make("small", { textContent: cell ? `mean ${digits(cell[0])}` : "" }));
  if (here) button.append(make("i", { className: "here" }));
  button.style.setProperty("--share", cell ? Math.round(100 * cell[1]) : 0);
  const told = cell ? `on ${percent(cell[1])} of ${cell[2]} pictures, mean score ${digits(cell[0])} ${mode.unit}` : model.cells ? "no picture could be judged" : "not judged yet";
  button.setAttribute("aria-label", `${mode.title}, ${model.called}: ${told}${here ? "; the chosen photo shows it too" : ""}`);
  button.title = `${told}${here ? "; the chosen photo shows it too" : ""}`;
  return button;
}
function markCell() {
  for (const button of parts(".tables button")) {
    const chosen = button.dataset.mode === state.mode && button.dataset.model === state.model;
    button.setAttribute("aria-pressed", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    if (chosen) reveal(button);
  }
}
// On a phone a table is wider than the screen: it scrolls to a newly chosen cell, right of the names that stay; the page never.
function reveal(button) {
  const box = button.closest(".table"), key = [state.mode, state.model].join(" ");
  if (key === revealed || !box.clientWidth) return;
  revealed = key;
  const cell = button.getBoundingClientRect(), frame = box.getBoundingClientRect(), names = box.querySelector("tbody th").offsetWidth;
  box.scrollLeft += Math.max(0, cell.right + 6 - frame.right) + Math.min(0, cell.left - 6 - frame.left - names);
}
part(".tables").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) choose(button.dataset.mode, button.dataset.model);
});
part(".tables").addEventListener("keydown", (event) => {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key], here = event.target.closest("td");
  if (!step || !here) return;
  event.preventDefault();
  const rows = [...here.closest("tbody").rows], row = rows.indexOf(here.parentElement) + step[0], column = here.cellIndex + step[1];
  let next = rows[row] && rows[row].cells[column] && rows[row].cells[column].querySelector("button");
  if (!next && step[1]) next = beside(here.closest(".table"), step[1], rows.indexOf(here.parentElement));
  if (!next) return;
  choose(next.dataset.mode, next.dataset.model);
  next.focus();
});
// From the last column of one table to the first of the other, and back.
function beside(box, step, row) {
  const boxes = parts(".table"), other = boxes[boxes.indexOf(box) + step];
  if (!other) return null;
  const rows = other.querySelectorAll("tbody tr"), buttons = rows[Math.min(row, rows.length - 1)].querySelectorAll("button");
  return buttons[step > 0 ? 0 : buttons.length - 1];
}

// ---- judging the bank ----
// Judged in the order of the table, the chosen network before all others.
const unjudged = () => [modelOf(state.model), ...state.models].filter((model) => model && !model.cells && !failed.has(model.name));
function watchJudging() {
  clearTimeout(judgeTimer);
  const [model] = unjudged();
  judgeBox.hidden = !model;
  if (!model) return;
  if (!state.atOnce && !judgeBox.dataset.asked) {
    judgeBox.querySelector("p").textContent = `${state.bank}: judging takes about a tenth of a second for each picture and network.`;
    judgeBox.querySelector("button").textContent = "Judge them";
    judgeBox.querySelector("progress").hidden = true;
    return;
  }
  stepJudging(model, { start: !stopped });
}
async function stepJudging(model, act = {}) {
  const told = await ask("judge", "failure_judge", { model: model.name, ...act });
  if (!told || link.tab !== TAB) return;
  const button = judgeBox.querySelector("button"), bar = judgeBox.querySelector("progress"), line = judgeBox.querySelector("p");
  bar.hidden = !told.running;
  if (told.error) {
    failed.add(model.name);
    say(`${model.called}: ${told.error}`);
    return watchJudging();
  }
  if (told.ready) {
    model.cells = told.cells;
    if (told.note) say(told.note);
    if (!state.pictures) return openTab(); // only now is the bank open and can be described
    if (!state.given && !state.models.some((one) => one !== model && one.cells)) Object.assign(state, firstChoice());
    drawTables();
    if (model.name === state.model) showChoice();
    return watchJudging();
  }
  if (told.running) {
    const left = state.models.filter((one) => !one.cells && one !== model).length;
    bar.value = told.total ? told.done / told.total : 0;
    const doing = told.doing && told.doing !== "computing" ? told.doing : "judging the bank";
    line.textContent = `${model.called}: ${doing}, ${told.done.toLocaleString("en")} of ${told.total.toLocaleString("en")}`
      + `${told.left ? `, about ${told.left} s left` : ""}${left ? `; then ${left} more network${left > 1 ? "s" : ""}` : ""}.`;
    button.textContent = "Stop";
    judgeTimer = setTimeout(() => stepJudging(model), 300);
  } else {
    line.textContent = `Stopped after ${told.done.toLocaleString("en")} of ${told.total.toLocaleString("en")} pictures. What was computed stays.`;
    button.textContent = "Go on";
  }
}
judgeBox.querySelector("button").addEventListener("click", () => {
  clearTimeout(judgeTimer);
  const [model] = unjudged(), stop = judgeBox.querySelector("button").textContent === "Stop";
  judgeBox.dataset.asked = "yes";
  stopped = stop;
  if (model) stepJudging(model, stop ? { stop } : { start: true });
});
