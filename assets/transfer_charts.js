// The chosen teachers by protocol and by layer, and two teachers side by side against each alone.
const isEnd = (name) => ["untrained", "supervised"].includes((teacherOf(name) || {}).kind);
// The two ends and, between them, the chosen teachers that were measured; without a chosen one the best.
function strong() {
  const ends = ["untrained", "supervised"].map((kind) => kindOf(kind)).filter(Boolean).map((one) => one.name), chosen = state.teachers.filter((name) => teacherOf(name) && !isEnd(name));
  return [ends.find((name) => teacherOf(name).kind === "untrained"), ...chosen, ends.find((name) => teacherOf(name).kind === "supervised")].filter(Boolean);
}
const colorOf = (name) => (seat(name) >= 0 ? COLORS[seat(name)] : SOFT);

// ---- bars: one group for each protocol ----
function drawBars() {
  const figure = part("[data-chart=bars]"), box = figure.querySelector(".canvas"), task = taskOf(state.task), names = strong(), unit = rem();
  figure.querySelector("h3").textContent = `${task.title}: ways to hand it on`;
  const groups = state.results.protocols.map((protocol) => ({ protocol, cells: names.map((name) => cellOf(name, task.name, protocol)).map((cell) => (shown(cell) === null ? null : cell)) })).filter((one) => one.cells.some(Boolean));
  if (!groups.length) return nothing(figure, `Nothing was measured with ${percent(state.share)} of the labels for this task.`);
  const values = groups.flatMap((one) => one.cells.filter(Boolean).map((cell) => shown(cell))), y = barSpan(values), tells = [];
  const { svg, Y, width, height, inner } = frame(box, 280 * unit, { low: 0, high: groups.length }, { ...y, title: unitOf(task) }, { bottom: 34 * unit });
  const wide = (width - inner.left - inner.right) / groups.length, bar = Math.min(46 * unit, (0.86 * wide) / names.length), small = groups.some(({ protocol }) => protocol.length * 7.6 * unit > wide);
  groups.forEach(({ protocol, cells }, group) => {
    const middle = inner.left + (group + 0.5) * wide;
    const lines = small ? protocol.split(" ") : [protocol];
    lines.forEach((line, at) => svg.append(word(capital(line), middle, height - inner.bottom + (17 + 14 * at) * unit, { "text-anchor": "middle", "font-size": (small ? 12 : 13) * unit, fill: protocol === state.protocol ? INK : SOFT, "font-weight": protocol === state.protocol ? 600 : 400 })));
    cells.forEach((cell, at) => {
      const x = middle + (at - names.length / 2) * bar;
      if (!cell) return svg.append(word("\u2013", x + bar / 2, Y(Math.max(y.low, 0)) - 4 * unit, { "text-anchor": "middle" }));
      const [from, to] = [Y(Math.max(y.low, 0)), Y(shown(cell))], node = draw("g", { "data-teacher": cell.teacher }), end = isEnd(cell.teacher) && seat(cell.teacher) < 0;
      node.append(draw("rect", { x: x + unit, y: Math.min(from, to), width: Math.max(bar - 2 * unit, 1), height: Math.max(Math.abs(from - to), 1), fill: end ? LINE : colorOf(cell.teacher), stroke: end ? SOFT : "none", "stroke-dasharray": teacherOf(cell.teacher).kind === "untrained" ? "3 3" : "none" }));
      node.append(mark(cell.teacher, x + bar / 2, Math.min(from, to) - 9 * unit, 4.5 * unit));
      if (bar > 26 * unit) node.append(word(inFigure(shown(cell)), x + bar / 2, Math.min(from, to) - 18 * unit, { "text-anchor": "middle", "font-size": 12 * unit, fill: INK }));
      svg.append(node);
      tells.push([node, `${capital(protocol)}: ${inFull(cell)}`]);
    });
  });
  telling(svg, tells);
  figure.querySelector("figcaption").replaceChildren(key(names), ` With ${percent(state.share)} of the labels${otherShares(groups)}.`);
}
// Where the protocols without a bar were measured.
function otherShares(groups) {
  const missing = state.results.protocols.filter((protocol) => !groups.some((one) => one.protocol === protocol));
  const told = missing.map((protocol) => [protocol, sharesOf(protocol).map(percent).join(" and ")]).filter(([, shares]) => shares);
  return told.map(([protocol, shares]) => `; ${protocol} was measured with ${shares}`).join("");
}
// Bars start at 0 or say less than they seem to.
function barSpan(values) {
  const all = ticks(Math.min(0, ...values), Math.max(...values, 0.001) * 1.12, 5);
  return { low: all[0], high: all[all.length - 1], ticks: all };
}
function key(names) {
  return make("span", { className: "key" }, ...names.map((name) => make("span", {}, swatch(name), titleOf(name))));
}

// ---- layers: a probe on each stage ----
function drawLayers() {
  const figure = part("[data-chart=layers]"), box = figure.querySelector(".canvas"), task = taskOf(state.task), unit = rem();
  const rows = state.results.layers.filter((one) => one.task === task.name), stages = [...new Set(rows.map((one) => one.stage))].sort();
  figure.querySelector("h3").textContent = `${task.title}: which layer knows most`;
  if (!rows.length) return nothing(figure, `The layers were not probed for this task${otherLayers()}.`);
  const y = span(rows.map((one) => one.score)), names = strong(), tells = [], across = { low: 0, high: stages.length - 1, ticks: stages.map((_, at) => at), name: (at) => stages[at], title: "" };
  const { svg, X, Y } = frame(box, 280 * unit, across, { ...y, title: `${task.score} of a linear probe, %` }, { right: 22 * unit, left: 46 * unit, bottom: 34 * unit });
  const faintFirst = [...state.results.teachers].sort((a, b) => names.includes(a.name) - names.includes(b.name));
  for (const teacher of faintFirst) {
    const mine = rows.filter((one) => one.teacher === teacher.name).sort((a, b) => stages.indexOf(a.stage) - stages.indexOf(b.stage)), on = names.includes(teacher.name);
    if (!mine.length) continue;
    const path = mine.map((one, at) => `${at ? "L" : "M"}${X(stages.indexOf(one.stage))} ${Y(one.score)}`).join("");
    const at = seat(teacher.name), dash = at >= 0 ? DASHES[at] : teacher.kind === "untrained" ? "2 5" : teacher.kind === "supervised" ? "12 4" : "none";
    svg.append(draw("path", { d: path, fill: "none", stroke: on ? colorOf(teacher.name) : LINE, "stroke-width": (on ? 2.5 : 1.5) * unit, "stroke-dasharray": dash, "data-teacher": teacher.name, class: on ? "strong" : "faint" }));
    for (const one of mine) {
      const node = draw("g", {}, target(X(stages.indexOf(one.stage)), Y(one.score), 9 * unit));
      if (on) node.append(mark(teacher.name, X(stages.indexOf(one.stage)), Y(one.score), 5 * unit));
      svg.append(node);
      tells.push([node, `${teacher.title}, ${one.stage}: ${task.score} ${fixed(one.score, 1)}\u00a0%`]);
    }
  }
  telling(svg, tells);
  figure.querySelector("figcaption").replaceChildren(key(names), " Faint: all other teachers.");
}
function otherLayers() {
  const titles = [...new Set(state.results.layers.map((one) => one.task))].map((name) => taskOf(name).title);
  return titles.length ? `; they were for ${titles.join(" and ")}` : "";
}

// ---- two teachers side by side ----
function drawPairs() {
  const figure = part("[data-chart=pairs]"), box = figure.querySelector(".canvas"), unit = rem(), all = state.results.ensembles;
  const here = all.filter((one) => one.task === state.task), rows = (here.length ? here : all).map((one) => ({ ...one, gain: one.score - Math.max(...one.parts) })).sort((a, b) => b.gain - a.gain).slice(0, 10);
  figure.querySelector("h3").textContent = here.length ? `${taskOf(state.task).title}: do two teachers know more than one?` : "Do two teachers know more than one?";
  if (!rows.length) return nothing(figure, "No two teachers were measured side by side.");
  const x = span(rows.flatMap((one) => [one.score, ...one.parts]), 5), high = 50 * unit, tells = [];
  const { svg, X, width, height, inner } = frame(box, rows.length * high + 64 * unit, { ...x, title: here.length ? `${taskOf(state.task).score}, %` : "score, %" }, { low: 0, high: rows.length, ticks: [], title: "" }, { left: 10 * unit, right: 54 * unit, top: 8 * unit });
  for (const tick of x.ticks) svg.prepend(draw("line", { x1: X(tick), x2: X(tick), y1: inner.top, y2: height - inner.bottom, stroke: LINE }));
  rows.forEach((one, at) => {
    const y = inner.top + at * high + 33 * unit, [a, b] = one.parts, titles = one.teachers.map(titleOf), where = here.length ? "" : `${taskOf(one.task).title}: `;
    const label = word(`${where}${titles.join(" + ")}`, inner.left, y - 14 * unit, { fill: INK });
    const node = draw("g", {}, draw("line", { x1: X(Math.min(a, b)), x2: X(Math.max(one.score, a, b)), y1: y, y2: y, stroke: SOFT, "stroke-width": 1.5 * unit }), draw("rect", { x: X(Math.min(a, b)), y: y - 12 * unit, width: Math.max(1, X(one.score) - X(Math.min(a, b))), height: 24 * unit, fill: "transparent" }));
    for (const part of one.parts) node.append(draw("circle", { cx: X(part), cy: y, r: 5 * unit, fill: CARD, stroke: INK, "stroke-width": 2 * unit }));
    node.append(shapeAt("disc", X(one.score), y, 6.5 * unit, COLORS[0]), word(`${one.gain > 0 ? "+" : ""}${fixed(one.gain, 1)}`, width - 2, y + 4.5 * unit, { "text-anchor": "end", fill: INK, "font-weight": 600 }));
    svg.append(label, node);
    fitText(label, width - inner.left);
    tells.push([node, `${where}${titles[0]} alone ${fixed(a, 1)}\u00a0%, ${titles[1]} alone ${fixed(b, 1)}\u00a0%, both ${fixed(one.score, 1)}\u00a0%: ${one.gain > 0 ? "+" : ""}${fixed(one.gain, 1)} points over the better one`]);
  });
  telling(svg, tells);
  figure.querySelector("figcaption").textContent = `Open: each alone; filled: the features of both, side by side, under one linear probe. The figure: points over the better one${here.length || !all.length ? "" : ". None was measured for the chosen task"}.`;
}
// Makes a line of text as narrow as there is room.
function fitText(text, room) {
  const wide = text.getComputedTextLength();
  if (wide > room) text.setAttribute("font-size", (parseFloat(text.getAttribute("font-size")) * room) / wide);
}
