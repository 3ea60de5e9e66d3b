// The published table beside ours: every figure also as a share of what labels reach in its own world.
const KINDS = [["classification", "Classification"], ["detection", "Detection"], ["segmentation", "Segmentation"]];
const isLabels = (row) => /label|supervis/i.test(row.teacher) && !/self|un-?supervis/i.test(row.teacher);

// What of ours stands in each column: of all tasks of the kind and ways to hand on, with all labels, the one that most teachers were measured
// in; of equals fine-tuning, as in the papers, and pictures of VOC.
function ourColumn(kind) {
  const ways = state.results.tasks.filter((task) => task.kind === kind).flatMap((task) => state.results.protocols.map((protocol) => ({ task, protocol })));
  const merit = ({ task, protocol }) => state.results.teachers.filter((one) => cellOf(one.name, task.name, protocol, 1)).length + (protocol === "fine-tune" ? 0.5 : 0) + (/voc/i.test(task.name) ? 0.3 : 0);
  return ways.filter((way) => merit(way) >= 1).sort((a, b) => merit(b) - merit(a))[0] || null;
}
function ourWorld() {
  const ways = KINDS.map(([kind]) => ourColumn(kind)), cell = (name, way) => (way ? cellOf(name, way.task.name, way.protocol, 1) : null);
  const rows = state.results.teachers.map((one) => ({ teacher: one.title, name: one.name, kind: one.kind === "self-supervised" ? "" : one.kind, cost: one.minutes === null || one.kind === "untrained" ? "" : `${fixed(one.minutes, 0)} min`, scores: ways.map((way) => (cell(one.name, way) || { score: null }).score) })).filter((one) => one.scores.some((score) => score !== null));
  const ends = (rows.find((one) => one.kind === "supervised") || { scores: [] }).scores;
  return rows.length ? { title: "Here", ours: true, ends, rows, columns: KINDS.map(([, title], at) => [title, ways[at] ? `${ways[at].task.title}, ${ways[at].protocol}` : ""]) } : null;
}
function theirWorld() {
  const { published } = state.results;
  if (!published || !Array.isArray(published.rows) || !published.rows.length) return null;
  const value = (row, kind) => (Number.isFinite(row[kind]) ? row[kind] : null), rows = published.rows.map((row) => ({ teacher: String(row.teacher), kind: isLabels(row) ? "supervised" : /random/i.test(row.teacher) ? "untrained" : "", cost: row.pretraining || "", scores: KINDS.map(([kind]) => value(row, kind)) }));
  return { title: "In the papers", caption: published.caption || "", ends: (rows.find((one) => one.kind === "supervised") || { scores: [] }).scores, columns: KINDS.map(([, title]) => [title, "PASCAL VOC"]), rows };
}
function inOrder({ rows, ends }) {
  const rank = { supervised: 0, untrained: 2 }, near = ({ scores }) => { const all = scores.flatMap((score, at) => (score === null || !ends[at] ? [] : [score / ends[at]])); return all.length ? all.reduce((a, b) => a + b) / all.length : 0; };
  return [...rows].sort((a, b) => (rank[a.kind] ?? 1) - (rank[b.kind] ?? 1) || near(b) - near(a));
}

function drawWorlds() {
  const worlds = [theirWorld(), ourWorld()].filter(Boolean), theirs = worlds.find((one) => !one.ours), ours = worlds.find((one) => one.ours);
  part(".worlds").hidden = !worlds.length;
  part(".worlds-tables").replaceChildren(...worlds.map(drawWorld));
  const told = ["The bar and the second figure: the share of what a network taught by labels reaches in the same world, which is what can be compared; the scores cannot."];
  if (theirs && theirs.caption) told.push(theirs.caption.replace(/\.?$/, "."));
  if (ours) told.push("The papers train AlexNets for hours to weeks on about a million pictures, motion on a hundred thousand videos, and fine-tune them on PASCAL VOC; here a far smaller network saw pictures of 128 pixels for an hour or a few, and is tested on fewer and smaller ones. Their labels are ImageNet\u2019s million, ours a small set\u2019s, which is why 100\u00a0% is easier to reach here.");
  part(".worlds-note").textContent = told.join(" ");
}
function drawWorld(world) {
  const columns = world.columns.map((column, at) => [...column, at]).filter(([, , at]) => world.rows.some((row) => row.scores[at] !== null));
  const head = make("tr", {}, make("th", { scope: "col", className: "corner" }, make("b", { textContent: world.title })), ...columns.map(([title, small]) => make("th", { scope: "col" }, make("b", { textContent: title }), make("small", { textContent: small }))));
  const body = make("tbody", {}, ...inOrder(world).map((row) => {
    const first = make("th", { scope: "row" }, ...(row.name ? [swatch(row.name)] : []), make("span", { textContent: row.teacher }), make("small", { textContent: row.cost }));
    return make("tr", { className: row.kind ? "end" : "" }, first, ...columns.map(([, , at]) => drawShare(row.scores[at], world.ends[at])));
  }));
  const table = make("table", {}, make("thead", {}, head), body), box = make("div", { className: "world" }, table);
  table.setAttribute("aria-label", world.title === "Here" ? "Our figures" : "Published figures");
  return box;
}
function drawShare(score, end) {
  if (score === null) return make("td", { textContent: "\u2013" });
  const share = end ? (100 * score) / end : null, cell = make("td", {}, make("b", { textContent: fixed(score, 1) }), make("small", { textContent: share === null ? "" : `${fixed(share, 0)}\u00a0%` }), make("i"));
  cell.style.setProperty("--length", `${share === null ? 0 : Math.min(100, share)}%`);
  return cell;
}
part("[data-save=worlds]").addEventListener("click", () => {
  const rows = [theirWorld(), ourWorld()].filter(Boolean).flatMap((world) => world.rows.flatMap((row) => row.scores.map((score, at) => [world.title, row.name || row.teacher, KINDS[at][0], world.columns[at][1], score, score === null || !world.ends[at] ? null : (score / world.ends[at]).toFixed(4), row.cost])));
  saveRows([["where", "teacher", "task", "data", "score", "share of supervised", "pre-training"], ...rows], "transfer-beside-the-papers.csv");
});
