// Score against the cost of pre-training: a labelled point for each teacher, lines for the two ends.
function drawCost() {
  const figure = part("[data-chart=cost]"), box = figure.querySelector(".canvas"), task = taskOf(state.task), unit = rem();
  figure.querySelector("h3").textContent = `${task.title} by pre-training cost`;
  const points = state.results.teachers.filter((one) => one.minutes !== null)
    .map((teacher) => ({ teacher, cell: cellOf(teacher.name, task.name) })).filter(({ cell }) => shown(cell) !== null)
    .map((one) => ({ ...one, x: one.teacher.minutes, y: shown(one.cell) }));
  if (!points.length) return nothing(figure, "Nothing was measured for this task in this way.");
  const most = Math.max(...points.map((one) => one.x), 1), across = ticks(0, most, 5), y = span(points.map((one) => one.y));
  const height = Math.max(300 * unit, Math.min(520 * unit, 0.95 * box.clientWidth));
  const { svg, X, Y, width, inner } = frame(box, height, { low: 0, high: Math.max(most * 1.04, across[across.length - 2]), ticks: across.filter((one) => one <= most * 1.04), title: "minutes of pre-training" }, { ...y, title: unitOf(task) }, { left: 42 * unit });
  const tells = [], taken = [];
  for (const { teacher, cell, y: value } of points.filter((one) => one.teacher.kind !== "self-supervised")) {
    svg.append(draw("line", { x1: inner.left, x2: width - inner.right, y1: Y(value), y2: Y(value), stroke: SOFT, "stroke-width": 1.5 * unit, "stroke-dasharray": teacher.kind === "untrained" ? "2 5" : "8 5", "data-end": cell.teacher }));
    taken.push({ left: inner.left, right: width - inner.right, top: Y(value) - 2, bottom: Y(value) + 2, soft: true });
  }
  const dots = points.map((one) => ({ ...one, x: X(one.x), y: Y(one.y) }));
  const labels = placeLabels(dots, { left: inner.left, right: width - 2, top: inner.top - 8 * unit, bottom: height - inner.bottom - 2 }, taken, unit);
  if (labels) svg.append(...labels.flatMap((label) => drawLeader(label, unit)));
  for (const [index, dot] of dots.entries()) {
    const chosen = seat(dot.teacher.name) >= 0, node = draw("g", { "data-teacher": dot.teacher.name }, target(dot.x, dot.y, 12 * unit), mark(dot.teacher.name, dot.x, dot.y, (chosen ? 7 : 5.5) * unit));
    if (!labels) node.append(word(index + 1, dot.x + 7 * unit, dot.y - 5 * unit, { fill: INK, "font-size": 11 * unit }));
    if (dot.cell.spread !== null && state.figure !== "share") node.prepend(whisker(dot, Y, y));
    svg.append(node);
    tells.push([node, `${inFull(dot.cell)}; ${fixed(dot.teacher.minutes, 0)} minutes of pre-training`, () => toggle(dot.teacher.name)]);
  }
  if (labels) svg.append(...labels.map((label) => drawLabel(label, unit))); // above all lines, of which their ground then keeps them free
  telling(svg, tells);
  svg.setAttribute("aria-label", `${task.title}: score against minutes of pre-training. Arrow keys go from point to point.`);
  const numbers = labels ? "" : `${dots.map((dot, index) => `${index + 1} ${dot.teacher.title}`).join(" \u00b7 ")}. `;
  figure.querySelector("figcaption").textContent = `${numbers}${linesOf(points)}Minutes on one CPU thread, with those of the trunk a teacher started from; the later ones in bfloat16, at up to twice the pace, so that pictures seen compare better.`;
}
// What the lines across the chart are, of those that are there.
function linesOf(points) {
  const lines = [["supervised", "dashed: supervised by labels"], ["untrained", "dotted: untrained"]].filter(([kind]) => points.some((one) => one.teacher.kind === kind));
  return lines.length ? `${capital(lines.map(([, told]) => told).join("; "))}. ` : "";
}
function nothing(figure, sentence) {
  figure.querySelector(".canvas").replaceChildren(make("p", { className: "nothing", textContent: sentence }));
  figure.querySelector("figcaption").textContent = "";
}
function whisker({ x, y, cell }, Y, scale) {
  const half = Math.abs(Y(scale.low + cell.spread) - Y(scale.low));
  return draw("line", { x1: x, x2: x, y1: y - half, y2: y + half, stroke: SOFT, "stroke-width": 1 });
}

// Where each label stands: beside its point, off every other label and point. null when they do not fit: then numbers and a key.
const AROUND = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -0.8], [1, 0.8], [-1, -0.8], [-1, 0.8]];
const REACHES = [9, 18, 30, 44, 60];
const measure = document.createElement("canvas").getContext("2d");
function placeLabels(dots, room, taken, unit) {
  const high = 16 * unit, points = dots.map((dot) => boxAt(dot.x, dot.y, 14 * unit, 14 * unit));
  const places = dots.map((dot) => candidates(dot, wideOf(dot.teacher, unit) + 4 * unit, high, room, unit));
  const crowd = (dot) => dots.filter((other) => Math.abs(other.x - dot.x) < 120 * unit && Math.abs(other.y - dot.y) < 40 * unit).length;
  const by = (key) => [...dots.keys()].sort((a, b) => key(dots[b]) - key(dots[a]));
  const costOf = (one, index, others) => one.cost + crossing(one.box, others, points, taken, index) + cut(one, others, points, index);
  const cheapest = (index, others) => places[index].map((one) => ({ ...one, index, total: costOf(one, index, others) })).sort((a, b) => a.total - b.total)[0];
  let best = null;
  for (const order of [by(crowd), by((dot) => -dot.y), by((dot) => dot.y), by((dot) => dot.x)]) {
    if (order.some((index) => !places[index].length)) return null;
    let placed = [];
    // after the first round each is placed anew among all the others, which it could not know of before
    for (let round = 0; round < 4; round++)
      for (const index of order) placed = [...placed.filter((one) => one.index !== index), cheapest(index, placed.filter((one) => one.index !== index))];
    const cost = placed.reduce((sum, one) => sum + costOf(one, one.index, placed.filter((other) => other !== one)), 0);
    if (!best || cost < best.cost) best = { cost, placed };
  }
  return best.cost < 1000 ? best.placed.map((one) => ({ ...one, dot: dots[one.index] })) : null;
}
function wideOf({ name, title }, unit) {
  measure.font = `${seat(name) >= 0 ? 600 : 400} ${13 * unit}px system-ui, sans-serif`;
  return measure.measureText(title).width;
}
const boxAt = (x, y, wide, high) => ({ left: x - wide / 2, right: x + wide / 2, top: y - high / 2, bottom: y + high / 2 });
const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
function candidates(dot, wide, high, room, unit) {
  return REACHES.flatMap((reach) => AROUND.map(([dx, dy]) => {
    const far = reach * unit, x = dot.x + dx * (far + wide / 2), y = dot.y + dy * (far + (dx === 0 ? high / 2 : 0)), box = boxAt(x, y, wide, high);
    return { reach, box, leader: reach > REACHES[0] ? leaderTo(dot, box) : [], cost: reach / 4 + Math.abs(dy) };
  })).filter(({ box }) => box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom);
}
function leaderTo(dot, box) {
  const [x, y] = anchor(dot, box);
  return Array.from({ length: 15 }, (_, k) => boxAt(dot.x + ((x - dot.x) * (k + 1)) / 16, dot.y + ((y - dot.y) * (k + 1)) / 16, 2, 2));
}
function crossing(box, placed, points, taken, index) {
  const hard = placed.filter((one) => overlap(box, one.box)).length + points.filter((point, at) => at !== index && overlap(box, point)).length;
  return 1000 * hard + 25 * taken.filter((line) => overlap(box, line)).length;
}
// A leader line must not run through another label or point, nor a label lie on the leader of another.
function cut({ box, leader }, placed, points, index) {
  const through = (line, what) => line.some((at) => overlap(at, what));
  const labels = placed.filter((one) => through(leader, one.box) || through(one.leader, box));
  return 60 * (labels.length + points.filter((point, at) => at !== index && through(leader, point)).length);
}
const anchor = (dot, box) => [Math.max(box.left, Math.min(dot.x, box.right)), Math.max(box.top + 3, Math.min(dot.y, box.bottom - 3))];
function drawLeader({ dot, box, reach }, unit) {
  const [x, y] = anchor(dot, box);
  return reach > REACHES[0] ? [draw("line", { x1: dot.x, y1: dot.y, x2: x, y2: y, stroke: SOFT, "stroke-width": 0.75 * unit })] : [];
}
// The ground around the letters is written into the element, not into the style sheet, so that a saved chart has it too.
function drawLabel({ dot, box }, unit) {
  const chosen = seat(dot.teacher.name) >= 0, ground = { "paint-order": "stroke", stroke: "var(--lab-page)", "stroke-width": 3 * unit, "stroke-linejoin": "round", "pointer-events": "none" };
  return word(dot.teacher.title, box.left + unit, box.bottom - 4 * unit, { class: "label", fill: chosen ? INK : SOFT, "font-weight": chosen ? 600 : 400, ...ground });
}
