// The wall: all units of a stage as small tiles cut from one sheet, sorted, with arrow keys from unit to unit.
const wallBox = part(".wall"), tiles = [];
const SAYS = {
  number: "In the order of the network.",
  sparsity: "Most selective first: 1 fires for one picture alone, 0 for all alike.",
  peak: "Strongest first: the largest activation in the bank.",
  label: "Best detector first.",
  photo: "Loudest on this photo first, each against its own average over the bank.",
};

// The chosen sort, or the network's order where the bank does not give that one (yet).
const sorted = () => (state.wall.values[state.sort] ? state.sort : "number");

// Units in the order of the chosen sort; those without a value (a unit that never fires) last.
function order() {
  const { wall } = state, units = [...Array(wall.count).keys()], values = wall.values[sorted()];
  if (!values) return units;
  const value = (unit) => (values[unit] === null ? -Infinity : values[unit]);
  return units.sort((a, b) => value(b) - value(a) || a - b);
}

function tile(unit) {
  const button = make("button", { type: "button" });
  button.setAttribute("role", "option");
  button.addEventListener("click", () => choose(unit));
  return button;
}
// Where a unit's tile lies on a sheet, as a background: its position, and the size of the whole.
function onSheet(unit) {
  const { count, columns } = state.wall, rows = Math.ceil(count / columns), share = (at, of) => (of > 1 ? (100 * at) / (of - 1) : 0);
  return { backgroundPosition: `${share(unit % columns, columns)}% ${share(Math.floor(unit / columns), rows)}%`, backgroundSize: `${100 * columns}% ${100 * rows}%` };
}
const placeTile = (box, sheet, unit) => Object.assign(box.style, { backgroundImage: `url("${sheet}")`, ...onSheet(unit) });
function drawWall() {
  const { wall } = state, filters = state.filters && wall.filters, sheet = filters || wall.sheet;
  while (tiles.length < wall.count) tiles.push(tile(tiles.length));
  tiles.slice(0, wall.count).forEach((button, unit) => {
    const told = describe(unit);
    button.style.backgroundPosition = onSheet(unit).backgroundPosition;
    button.classList.toggle("silent", !(wall.values.peak[unit] > 0) && !filters);
    button.setAttribute("aria-label", told);
    button.title = told;
  });
  wallBox.style.setProperty("--sheet", `url("${sheet}")`);
  wallBox.style.setProperty("--size", onSheet(0).backgroundSize);
  wallBox.classList.toggle("crisp", Boolean(filters));
  part(".wall-name").textContent = `${state.stage}: ${wall.count} units`;
  Object.assign(part("[data-do=filters]"), { hidden: !wall.filters }).setAttribute("aria-pressed", String(Boolean(filters)));
  arrange(false);
}
function describe(unit) {
  const { values, label } = state.wall, told = [`Unit ${unit}`];
  if (values.peak[unit] !== null) told.push(values.peak[unit] > 0 ? `peak ${digits(values.peak[unit])}` : "never fires on the bank");
  if (values.sparsity && values.sparsity[unit] !== null) told.push(`sparsity ${digits(values.sparsity[unit])}`);
  if (values.label && label[unit]) told.push(`${label[unit]} ${digits(values.label[unit])}`);
  return told.join(", ");
}

// Tiles move to their new places, unless motion is unwelcome.
function arrange(moving = true) {
  const shown = order().map((unit) => tiles[unit]), still = matchMedia("(prefers-reduced-motion: reduce)").matches || !moving;
  const before = still ? null : new Map(shown.map((button) => [button, button.getBoundingClientRect()]));
  wallBox.replaceChildren(...shown);
  wallBox.scrollTop = 0;
  for (const button of parts("[data-sort]")) {
    const { sort } = button.dataset, chosen = sort === (state.sort === "label" ? "label" : sorted());
    button.disabled = !["number", "label"].includes(sort) && !state.wall.values[sort];
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  const { wall, sort } = state;
  part(".wall-note").textContent = sort === "label" ? wall.detecting : [SAYS[sorted()], wall.labelled ? wall.detecting : ""].filter(Boolean).join(" ");
  part(".wall-bank").textContent = wall.told;
  if (!before) return;
  for (const button of shown) {
    const from = before.get(button), to = button.getBoundingClientRect();
    if (from.width && (from.x !== to.x || from.y !== to.y)) {
      button.animate([{ transform: `translate(${from.x - to.x}px, ${from.y - to.y}px)` }, { transform: "none" }], { duration: 250, easing: "ease-out" });
    }
  }
}
function setSort(sort) {
  state.sort = sort;
  arrange();
  markTile();
  writeLink();
}
function setFilters(on) {
  state.filters = on;
  drawWall();
  markTile();
  writeLink();
}
function markTile() {
  tiles.forEach((button, unit) => {
    const chosen = unit === state.unit;
    if (button.tabIndex !== (chosen ? 0 : -1)) button.tabIndex = chosen ? 0 : -1;
    if (button.ariaSelected !== String(chosen)) button.ariaSelected = String(chosen);
  });
  const units = order(); // the step buttons follow the sort: a unit that was last may now stand in the middle
  mine.querySelectorAll("[data-step]").forEach((button) => { button.disabled = units.at(button.dataset.step < 0 ? 0 : -1) === state.unit; });
  const chosen = tiles[state.unit];
  if (!chosen || !chosen.isConnected) return;
  const top = chosen.offsetTop - wallBox.offsetTop, bottom = top + chosen.offsetHeight; // the wall scrolls, the page never
  if (top < wallBox.scrollTop) wallBox.scrollTop = top - 4;
  else if (bottom > wallBox.scrollTop + wallBox.clientHeight) wallBox.scrollTop = bottom - wallBox.clientHeight + 4;
}

// ---- arrow keys ----
function stepUnit(step) {
  const units = order(), at = units.indexOf(state.unit), next = units[at + step];
  if (next !== undefined) choose(next);
}
function inRow() {
  const [first, ...others] = wallBox.children, next = others.findIndex((button) => button.offsetTop !== first.offsetTop);
  return next < 0 ? wallBox.children.length : next + 1;
}
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.wall || event.target.closest("select, input")) return;
  const row = { ArrowDown: inRow, ArrowUp: () => -inRow() }[event.key];
  const units = () => state.wall.count, step = { ArrowRight: () => 1, ArrowLeft: () => -1, Home: () => -units(), End: units }[event.key] || row;
  if (!step) return;
  event.preventDefault();
  const all = order(), at = all.indexOf(state.unit), wanted = at + step();
  if (row && (wanted < 0 || wanted >= all.length)) return;
  choose(all[Math.min(Math.max(wanted, 0), all.length - 1)]);
  if (wallBox.contains(document.activeElement)) tiles[state.unit].focus({ preventScroll: true });
}
root.addEventListener("keydown", press);
// For the presenter, who has clicked nowhere yet: left and right, so that the page still scrolls.
document.addEventListener("keydown", (event) => {
  if (link.tab === TAB && event.target === document.body && ["ArrowLeft", "ArrowRight"].includes(event.key)) press(event);
});
