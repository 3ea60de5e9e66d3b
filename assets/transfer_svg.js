// What the charts of the tab share: SVG elements, scales, the frame with its axes, marks, what a hover or a focus tells, and saving.
const INK = "var(--lab-ink)", SOFT = "var(--lab-soft)", LINE = "var(--lab-line)", CARD = "var(--lab-card)";
const COLORS = ["var(--seat-0)", "var(--seat-1)", "var(--seat-2)"], DASHES = ["none", "8 4", "2 4"];
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
const draw = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const place = (value, low, high, from, to) => from + ((value - low) / (high - low || 1)) * (to - from);
// Round figures that cover [low, high]: 1, 2 or 5 times a power of ten apart.
function ticks(low, high, count) {
  const rough = Math.max(high - low, 1e-9) / count, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].find((one) => one * power >= 0.75 * rough) * power;
  const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(10)));
}
const word = (text, x, y, more = {}) => draw("text", { x, y, fill: SOFT, "font-size": 13 * rem(), ...more }, text);

// An empty chart: its SVG, and how values become places. x and y: {low, high, title, ticks?, name?}
function frame(box, height, x, y, margin = {}) {
  const unit = rem(), width = Math.max(box.clientWidth, 240), inner = { left: 40 * unit, right: 12 * unit, top: 26 * unit, bottom: 42 * unit, ...margin };
  const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "font-family": "system-ui, sans-serif" });
  const X = (value) => place(value, x.low, x.high, inner.left, width - inner.right), Y = (value) => place(value, y.low, y.high, height - inner.bottom, inner.top);
  for (const tick of y.ticks) {
    svg.append(draw("line", { x1: inner.left, x2: width - inner.right, y1: Y(tick), y2: Y(tick), stroke: LINE }));
    svg.append(word(fixed(tick, Math.abs(tick) < 1 && tick ? 1 : 0), inner.left - 6 * unit, Y(tick) + 4.5 * unit, { "text-anchor": "end" }));
  }
  for (const tick of x.ticks || []) svg.append(word(x.name ? x.name(tick) : fixed(tick, 0), X(tick), height - inner.bottom + 18 * unit, { "text-anchor": "middle" }));
  svg.append(word(y.title, 0, 14 * unit), word(x.title || "", width - inner.right, height - 4 * unit, { "text-anchor": "end" }));
  box.replaceChildren(svg);
  return { svg, X, Y, width, height, inner, unit };
}
// The span of some values with room around it; charts of one figure start at 0 where that costs little.
function span(values, count = 5) {
  const low = Math.min(...values), high = Math.max(...values), from = low > 0 && low < 0.45 * high ? 0 : low - 0.08 * (high - low || 1);
  const all = ticks(from, high + 0.04 * (high - low || 1), count);
  return { low: all[0], high: all[all.length - 1], ticks: all };
}
const spanOr = (values) => (values.length ? span(values) : { low: 0, high: 100, ticks: [0, 50, 100] });

// Marks: the chosen ones are disc, triangle and square in their colours; the two ends a cross and a diamond; the others small discs.
function mark(name, x, y, r) {
  const at = seat(name), kind = (teacherOf(name) || { kind: name === "untrained" ? "untrained" : name === "supervised-labels" ? "supervised" : "" }).kind;
  const color = at < 0 ? SOFT : COLORS[at], shape = kind === "untrained" ? "cross" : kind === "supervised" ? "diamond" : ["disc", "triangle", "square"][at] || "disc";
  return shapeAt(shape, x, y, at < 0 && shape === "disc" ? 0.8 * r : r, color);
}
function shapeAt(shape, x, y, r, color) {
  const path = {
    disc: `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    triangle: `M${x} ${y - 1.25 * r}L${x + 1.2 * r} ${y + 0.9 * r}L${x - 1.2 * r} ${y + 0.9 * r}z`,
    square: `M${x - 0.95 * r} ${y - 0.95 * r}h${1.9 * r}v${1.9 * r}h${-1.9 * r}z`,
    diamond: `M${x} ${y - 1.35 * r}L${x + 1.35 * r} ${y}L${x} ${y + 1.35 * r}L${x - 1.35 * r} ${y}z`,
    cross: `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`,
  }[shape];
  if (shape === "cross") return draw("path", { d: path, stroke: color, "stroke-width": 0.55 * r, "stroke-linecap": "round", fill: "none" });
  return draw("path", { d: path, fill: color, stroke: CARD, "stroke-width": 1.5 });
}
// A small mark beside a name in the table, the chips and the keys.
function swatch(name) {
  const svg = draw("svg", { viewBox: "-8 -8 16 16", class: "swatch", "aria-hidden": "true" });
  svg.append(mark(name, 0, 0, 5.5));
  return svg;
}

// ---- what a hover or a focus tells ----
const tip = part(".tip");
function showTip(node, text) {
  const box = node.getBoundingClientRect(), around = root.getBoundingClientRect();
  Object.assign(tip, { textContent: text, hidden: false });
  const wide = tip.offsetWidth, tall = tip.offsetHeight, above = box.top - around.top - tall - 8;
  tip.style.left = `${Math.max(0, Math.min(around.width - wide, box.left + box.width / 2 - around.left - wide / 2))}px`;
  tip.style.top = `${above > -40 ? above : box.bottom - around.top + 8}px`;
}
const hideTip = () => { tip.hidden = true; };
// Marks that tell; one of them takes part in Tab, arrow keys go on from there. tells: [[node, text, act?], ...]
function telling(svg, tells) {
  tells.forEach(([node, text, act], index) => {
    node.setAttribute("tabindex", index ? "-1" : "0");
    node.setAttribute("role", act ? "button" : "img");
    node.setAttribute("aria-label", text);
    node.classList.add("tells");
    node.addEventListener("mouseenter", () => showTip(node, text));
    node.addEventListener("focus", () => showTip(node, text));
    node.addEventListener("mouseleave", hideTip);
    node.addEventListener("blur", hideTip);
    if (act) node.addEventListener("click", act);
    node.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); tells[(index + step + tells.length) % tells.length][0].focus(); }
      else if (act && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); act(); }
    });
  });
}
// A wide invisible stroke makes a thin mark easy to hit.
const target = (x, y, r) => draw("circle", { cx: x, cy: y, r, fill: "transparent" });

// ---- saving ----
const cellText = (value) => { const text = value === null || value === undefined ? "" : String(value); return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text; };
const saveRows = (rows, name) => window.lab.save(new Blob([rows.map((row) => row.map(cellText).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" }), name);
// The chart as it stands, on its own ground, under its title; the colours of the page are written into it.
function standalone(figure) {
  const svg = figure.querySelector(".canvas svg").cloneNode(true), unit = rem(), head = 30 * unit, width = +svg.getAttribute("width"), height = +svg.getAttribute("height");
  const style = getComputedStyle(root), ground = draw("rect", { x: 0, y: -head, width, height: height + head, fill: "var(--lab-page)" });
  svg.setAttribute("height", height + head);
  svg.setAttribute("viewBox", `0 ${-head} ${width} ${height + head}`);
  svg.prepend(ground, draw("text", { x: 4 * unit, y: -10 * unit, fill: INK, "font-size": 15 * unit, "font-weight": 600 }, figure.querySelector("h3").textContent));
  const text = new XMLSerializer().serializeToString(svg).replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  return { text, width, height: height + head };
}
function saveSvg(figure) {
  window.lab.save(new Blob([standalone(figure).text], { type: "image/svg+xml" }), `transfer-${figure.dataset.chart}.svg`);
}
async function savePng(figure) {
  const { text, width, height } = standalone(figure), image = new Image(), canvas = make("canvas", { width: 2 * width, height: 2 * height });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => window.lab.save(blob, `transfer-${figure.dataset.chart}.png`));
}
for (const figure of parts("figure.chart")) {
  const named = figure.dataset.chart;
  for (const [kind, save] of [["SVG", saveSvg], ["PNG", savePng]]) {
    const button = make("button", { type: "button", className: "quiet", textContent: kind, title: `Save this chart as ${kind}` });
    button.setAttribute("aria-label", button.title);
    button.dataset.save = `${named}-${kind.toLowerCase()}`;
    button.addEventListener("click", () => save(figure));
    figure.querySelector(".saves").append(button);
  }
}
