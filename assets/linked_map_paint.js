// What the linked map looks like. Dots are written into the pixels of the canvas: without a GPU that is faster and steadier than
// paths or a plotting library (see LOG.md), and ten thousand of them take a few milliseconds.
const OKABE_ITO = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8c8c8c"];
const SHAPES = 4; // disc, square, diamond, triangle: colours come round again with the next shape
const LEVELS = 32; // steps of a ramp
const MOST_PICTURES = 1500, MOST_WORDS = 250;
const PICTURE_FROM = 18, PICTURE_TO = 96; // CSS pixels of a side
const theme = { paper: [251, 251, 250], page: [244, 244, 242], ink: [27, 27, 26], soft: [190, 190, 188], accent: "#0072b2" };
const rgbOf = (text) => (text.startsWith("#") ? [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)) : text.match(/[\d.]+/g).slice(0, 3).map(Number));
const mix = (a, b, share) => a.map((v, i) => Math.round(v + share * (b[i] - v)));
let plot = null, sprites = new Map();

function readTheme() {
  const style = getComputedStyle(root), color = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  theme.paper = rgbOf(color("--lab-card", "#fbfbfa")); theme.page = rgbOf(color("--lab-page", "#f4f4f2")); theme.ink = rgbOf(color("--lab-ink", "#1b1b1a"));
  theme.soft = mix(theme.paper, theme.ink, 0.22); theme.accent = color("--lab-accent", "#0072b2");
  sprites = new Map();
}
const rampColor = (level) => map.ramp.stops[Math.round((level / (LEVELS - 1)) * (map.ramp.stops.length - 1))];
const groupColor = (group) => rgbOf(map.ramp ? rampColor(group) : OKABE_ITO[group % OKABE_ITO.length]);
const groupShape = (group) => (map.ramp ? 0 : Math.floor(group / OKABE_ITO.length) % SHAPES);
const groupOf = (i) => (!map.group ? 0 : map.ramp ? Math.min(LEVELS - 1, map.group[i] >> 3) : map.group[i]);

// How far a place is outside of a shape of radius r: disc, square, diamond, triangle of about the same area.
function outside(shape, x, y, r) {
  if (shape === 0) return Math.hypot(x, y) - r;
  if (shape === 1) return Math.max(Math.abs(x), Math.abs(y)) - 0.88 * r;
  if (shape === 2) return (Math.abs(x) + Math.abs(y) - 1.25 * r) * 0.707;
  return Math.max(y - 0.75 * r, (Math.abs(x) * 1.732 - y - 1.5 * r) / 2);
}
// The pixels of a dot: a colour with a darker rim. `solid` holds [offset, colour] pairs, `edge` [offset, r, g, b, coverage 0..255].
function sprite(color, shape, radius, width) {
  const name = `${color} ${shape} ${radius} ${width}`;
  if (sprites.has(name)) return sprites.get(name);
  const reach = Math.ceil(1.5 * radius + 1), solid = [], edge = [], rim = mix(color, theme.ink, 0.5);
  for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) {
    const out = outside(shape, x, y, radius), cover = Math.round(255 * Math.max(0, Math.min(1, 0.5 - out)));
    const [r, g, b] = mix(color, rim, Math.max(0, Math.min(1, out + 1.5)));
    if (cover > 250) solid.push(y * width + x, (255 << 24) | (b << 16) | (g << 8) | r);
    else if (cover > 4) edge.push(4 * (y * width + x), r, g, b, cover);
  }
  const made = { reach, solid: Int32Array.from(solid), edge: Int32Array.from(edge) };
  if (sprites.size > 500) sprites.clear();
  sprites.set(name, made);
  return made;
}
function stamp(plot, dot, x, y) {
  const { bytes, pixels, width, height } = plot, { reach, solid, edge } = dot;
  x = Math.round(x); y = Math.round(y);
  if (x < reach || y < reach || x >= width - reach || y >= height - reach) return;
  const at = y * width + x;
  for (let j = 0; j < solid.length; j += 2) pixels[at + solid[j]] = solid[j + 1];
  for (let j = 0; j < edge.length; j += 5) {
    const to = 4 * at + edge[j], cover = edge[j + 4];
    bytes[to] += ((edge[j + 1] - bytes[to]) * cover) >> 8;
    bytes[to + 1] += ((edge[j + 2] - bytes[to + 1]) * cover) >> 8;
    bytes[to + 2] += ((edge[j + 3] - bytes[to + 2]) * cover) >> 8;
  }
}
// A picture of plain pixels that dots are stamped on; as bytes that do not clamp, which is faster.
function plotOf(image) {
  const { data, width, height } = image;
  return { image, width, height, bytes: new Uint8Array(data.buffer), pixels: new Int32Array(data.buffer) };
}

// ---- what stands out, and how large
const vivid = (i) => (!map.chosen || map.chosen[i]) && !map.muted.has(groupOf(i));
const dotRadius = () => Math.min(7, (map.count > 4000 ? 2.1 : 3.4) * map.camera.zoom ** 0.3) * map.ratio;
const pictureSide = () => Math.min(PICTURE_TO, 0.78 * map.camera.zoom * Math.sqrt((map.width * map.height) / Math.max(map.count, 1)) / map.ratio);
const inView = (i, margin) => { // margin in pixels of the canvas
  const x = map.screen[2 * i], y = map.screen[2 * i + 1];
  return x > -margin && y > -margin && x < map.width + margin && y < map.height + margin;
};
function visibleVivid(margin) {
  const found = [];
  for (let i = 0; i < map.count; i++) if (vivid(i) && inView(i, margin)) found.push(i);
  return found;
}

function somethingInView() {
  for (let i = 0; i < map.count; i++) if (inView(i, 0)) return true;
  return false;
}
function hint(sentence) {
  pen.font = `${15 * map.ratio}px system-ui, sans-serif`; pen.textAlign = "center"; pen.textBaseline = "middle";
  pen.fillStyle = `rgb(${theme.ink})`;
  pen.fillText(sentence, map.width / 2, map.height / 2);
  pen.textAlign = "start";
}

function paint() {
  if (!map.width) return;
  if (!map.a) { // an empty sheet until there is a map
    pen.fillStyle = `rgb(${theme.paper})`;
    pen.fillRect(0, 0, map.width, map.height);
    return;
  }
  const began = performance.now(), ratio = map.ratio;
  project();
  if (!plot || plot.width !== map.width || plot.height !== map.height) plot = plotOf(pen.createImageData(map.width, map.height));
  const [r, g, b] = theme.paper;
  plot.pixels.fill((255 << 24) | (b << 16) | (g << 8) | r);
  const side = pictureSide(), shown = visibleVivid(PICTURE_TO * ratio);
  const asPictures = map.thumbs && map.pictures && map.sheets.length && side >= PICTURE_FROM && shown.length <= MOST_PICTURES;
  const radius = dotRadius(), dots = [], dull = sprite(theme.soft, 0, radius * 0.8, map.width);
  const dotOf = (k) => (dots[k] ||= sprite(groupColor(k), groupShape(k), radius, map.width));
  if (shown.length < map.count) for (let i = 0; i < map.count; i++) if (!vivid(i)) stamp(plot, dull, map.screen[2 * i], map.screen[2 * i + 1]);
  if (!asPictures) for (const i of shown) stamp(plot, dotOf(groupOf(i)), map.screen[2 * i], map.screen[2 * i + 1]);
  pen.putImageData(plot.image, 0, 0);
  map.drawn = asPictures ? side * ratio : 0;
  if (asPictures) for (const i of shown) picture(i, side * ratio);
  if (!map.thumbs) words(shown);
  paintMarks(radius);
  paintLasso();
  if (!somethingInView()) hint(`No ${map.noun[0]} here: “Whole map” brings them back.`);
  map.frames.push(performance.now() - began);
  if (map.frames.length > 240) map.frames.shift();
}
// Sheets hold the pictures in rows; the smaller sheets serve small pictures, which is faster and cleaner than shrinking the large ones.
function sourceOf(i, small) {
  const { side, columns, per_sheet } = map.thumbs, sheet = Math.floor(i / per_sheet), at = i % per_sheet, edge = small ? side / 2 : side;
  return { sheet: (small ? map.half : map.sheets)[sheet], edge, left: (at % columns) * edge, top: Math.floor(at / columns) * edge };
}
function picture(i, side) {
  const from = sourceOf(i, side <= map.thumbs.side / 2), frame = (side > 40 * map.ratio ? 3 : 2) * map.ratio;
  const x = Math.round(map.screen[2 * i] - side / 2), y = Math.round(map.screen[2 * i + 1] - side / 2), edge = Math.round(side);
  pen.fillStyle = map.group ? `rgb(${groupColor(groupOf(i))})` : `rgb(${theme.soft})`;
  pen.fillRect(x - frame, y - frame, edge + 2 * frame, edge + 2 * frame);
  if (from.sheet) return pen.drawImage(from.sheet, from.left, from.top, from.edge, from.edge, x, y, edge, edge);
  pen.fillStyle = `rgb(${theme.soft})`; // on its way
  pen.fillRect(x, y, edge, edge);
}
// Words stand beside their points where there is room; the first points have the first choice.
function words(shown) {
  const cell = 8 * map.ratio, columns = Math.ceil(map.width / cell), taken = new Uint8Array(columns * Math.ceil(map.height / cell + 1));
  const size = 13 * map.ratio, marked = new Set([map.picked, map.hover, ...map.marks].filter((i) => i >= 0 && i < map.count));
  let room = MOST_WORDS;
  pen.font = `${size}px system-ui, sans-serif`; pen.textBaseline = "middle"; pen.lineJoin = "round";
  const reach = dotRadius() + 3 * map.ratio;
  for (const i of [...marked, ...shown]) {
    if (room < 0) break;
    const text = map.labels[i], x = map.screen[2 * i] + reach, y = map.screen[2 * i + 1];
    if (!text || !inView(i, 0)) continue;
    const wide = Math.ceil(pen.measureText(text).width / cell), row = Math.floor((y - size / 2) / cell), column = Math.floor(x / cell);
    if (row < 0 || column < 0 || column + wide >= columns) continue;
    let free = true;
    for (let v = row; free && v <= row + 2; v++) for (let u = column; u <= column + wide; u++) if (taken[v * columns + u]) { free = false; break; }
    if (!free && !marked.has(i)) continue;
    room--;
    for (let v = row; v <= row + 2; v++) taken.fill(1, v * columns + column, v * columns + column + wide + 1);
    pen.lineWidth = 3 * map.ratio; pen.strokeStyle = `rgb(${theme.paper})`; pen.fillStyle = `rgb(${theme.ink})`;
    pen.strokeText(text, x, y); pen.fillText(text, x, y);
  }
}
// The picked point has a ring of the accent, its neighbours a thin one; what is under the pointer a dark one.
function paintMarks(radius) {
  const draw = (i, color, width, grow) => {
    if (!(i >= 0 && i < map.count)) return;
    const half = (map.drawn && vivid(i) ? map.drawn / 2 + 3 * map.ratio : radius) + grow * map.ratio, x = map.screen[2 * i], y = map.screen[2 * i + 1];
    for (const [style, wide] of [[`rgb(${theme.paper})`, width + 2], [color, width]]) {
      pen.beginPath();
      if (map.drawn && vivid(i)) pen.rect(x - half, y - half, 2 * half, 2 * half); else pen.arc(x, y, half, 0, 7);
      pen.strokeStyle = style; pen.lineWidth = wide * map.ratio; pen.stroke();
    }
  };
  for (const i of map.marks) draw(i, theme.accent, 1.5, 2);
  if (map.hover !== map.picked) draw(map.hover, `rgb(${theme.ink})`, 2, 1);
  draw(map.picked, theme.accent, 3.5, 3);
}
function paintLasso() {
  const path = hand.path;
  if (!path || path.length < 4) return;
  pen.beginPath();
  for (let j = 0; j < path.length; j += 2) pen.lineTo(path[j], path[j + 1]);
  pen.closePath();
  pen.globalAlpha = 0.12; pen.fillStyle = theme.accent; pen.fill(); pen.globalAlpha = 1;
  pen.strokeStyle = theme.accent; pen.lineWidth = 2 * map.ratio; pen.setLineDash([6 * map.ratio, 4 * map.ratio]); pen.stroke(); pen.setLineDash([]);
}
function fitCanvas() {
  const box = canvas.getBoundingClientRect();
  map.ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [width, height] = [Math.round(box.width * map.ratio), Math.round(box.height * map.ratio)];
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  [map.width, map.height] = [width, height];
  readTheme();
  redraw();
}
