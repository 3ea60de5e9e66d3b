// The linked map: points on a canvas that a hand moves, zooms and lassoes, and the lists beside it that fly back to them.
// Runs as js_on_load of the gr.HTML in visualize/widgets/linked_map.py, before linked_map_paint.js, _hand.js, _lists.js and _save.js.
const root = element.querySelector(".linked-map"), $ = (selector) => root.querySelector(selector);
const canvas = $("canvas"), pen = canvas.getContext("2d", { alpha: false });
const lab = window.lab;
const linked = (name) => `${props.called}_${name}`;
const { fileUrl, make } = window.lab;
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const MOTION = 300; // ms of a flight or a morph
const FARTHEST = 400; // times the whole map

// `a` and `b` are the two maps in [-1, 1], `now` is what is drawn; `group` the colour of each point; `chosen` 1 where selected.
const map = {
  count: 0, a: null, b: null, now: new Float32Array(0), screen: new Float32Array(0), t: 0, caption: "", names: ["", ""],
  labels: [], columns: {}, sheets: [], thumbs: null, half: [], noun: ["point", "points"],
  group: null, groups: [], ramp: null, colorTitle: "", muted: new Set(),
  chosen: null, list: [], polygon: null, byHand: false, picked: -1, marks: [], hover: -1,
  camera: { x: 0, y: 0, zoom: 1 }, reach: [1, 1], tool: "move", pictures: true, ratio: 1, width: 0, height: 0, frames: [], lost: "",
};
root.map = map;
const waiting = { frame: 0, motion: null };

// ---- motion: one at a time; `draw(share)` is called with 0..1 eased, at once with 1 where motion is not wanted
function animate(draw, duration = MOTION) {
  cancelAnimationFrame(waiting.motion);
  if (calm() || duration === 0) return draw(1);
  const began = performance.now();
  const step = (at) => {
    const share = Math.min(1, Math.max(0, (at - began) / duration));
    draw(share < 1 ? share * share * (3 - 2 * share) : 1);
    if (share < 1) waiting.motion = requestAnimationFrame(step);
  };
  waiting.motion = requestAnimationFrame(step);
}

// ---- what arrives from Python
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
function coordinates(text) {
  if (!text) return null;
  const whole = new Uint16Array(bytesOf(text).buffer);
  return Float32Array.from(whole, (v) => v / 32767.5 - 1);
}
const LOST = "The names and pictures of this map did not arrive. Choose another layout, or reload the page.";
// The texts of the points came with them, or are a file; null when that does not come.
async function textsOf({ about }) {
  if (typeof about !== "string") return about || {};
  const answer = await fetch(fileUrl(about)).catch(() => null);
  return answer && answer.ok ? answer.json() : null;
}
async function usePoints() {
  const points = props.points;
  if (!points || points.key === map.key) return;
  map.key = points.key;
  const about = await textsOf(points);
  if (points.key !== map.key) return;
  map.lost = about ? "" : LOST;
  showMessage();
  if (!about) { map.key = null; return; } // the next layout tries again
  Object.assign(map, { labels: about.labels || [], columns: about.columns || {}, thumbs: points.thumbs, noun: points.noun || map.noun });
  Object.assign(map, { sheets: [], half: [], chosen: null, list: [], polygon: null, byHand: false, picked: -1, marks: [], hover: -1 });
  $("[data-do=pictures]").hidden = !map.thumbs;
  (map.thumbs ? map.thumbs.sheets : []).forEach(async (path, at) => {
    const answer = await fetch(fileUrl(path));
    if (!answer.ok || points.key !== map.key) return;
    const sheet = await createImageBitmap(await answer.blob());
    const half = await createImageBitmap(sheet, { resizeWidth: sheet.width >> 1, resizeHeight: sheet.height >> 1, resizeQuality: "high" });
    if (points.key === map.key) [map.sheets[at], map.half[at]] = [sheet, half];
    redraw();
  });
  if (map.opened) writeLink(); // a link is for the points that it was made from
  else { map.opened = true; readLink(); }
  showLists();
  redraw();
}
function useLayout() {
  const layout = props.layout;
  if (!layout) return;
  showMessage();
  if (layout.key === map.layoutKey || !layout.xy) return;
  map.layoutKey = layout.key;
  if (map.lost) usePoints();
  const before = map.now, other = coordinates(layout.other);
  Object.assign(map, { a: coordinates(layout.xy), b: other, names: layout.names || map.names, caption: layout.caption || "" });
  map.count = map.a.length / 2;
  map.reach = extent();
  if (!map.b) map.t = 0;
  else if (map.wantedT !== undefined) [map.t, map.wantedT] = [map.wantedT, undefined];
  showMorph();
  const target = blend(map.t);
  if (before.length !== target.length) { map.now = target; map.screen = new Float32Array(target.length); }
  else animate((share) => {
    map.now = target.map((v, i) => before[i] + share * (v - before[i]));
    if (share === 1 && !layout.growing) { project(); if (!somethingInView()) fitAll(); } // the view was of a place on the map before
    redraw();
  }, layout.growing ? 120 : MOTION);
  if (map.polygon && map.byHand) { map.polygon = null; writeLink(); } // a hand drew it on the map before: its members stay
  else if (map.polygon && !layout.growing) selectWithin(map.polygon, false); // the lasso of a link
  redraw();
}
function useColors() {
  const colors = props.colors;
  Object.assign(map, { group: null, groups: [], ramp: null, colorTitle: "", muted: new Set() });
  if (colors) {
    map.group = bytesOf(colors.of);
    map.colorTitle = colors.title;
    if (colors.kind === "ramp") map.ramp = colors; else map.groups = colors.names;
  }
  showLegend();
  redraw();
}
function blend(t) {
  return map.b && t > 0 ? map.a.map((v, i) => v + t * (map.b[i] - v)) : Float32Array.from(map.a);
}
function showMessage() {
  const message = $(".map-message"), sentence = (props.layout && props.layout.message) || map.lost;
  message.textContent = sentence;
  message.hidden = !sentence;
}

// ---- the camera: points of the map in [-1, 1] to pixels of the canvas
const unitSize = () => 0.47 * Math.min(map.width / map.reach[0], map.height / map.reach[1]) * map.camera.zoom;
function extent() { // half the width and height of the maps: a flat one may fill a wide canvas
  const reach = [0.2, 0.2];
  for (const xy of [map.a, map.b]) for (let i = 0; xy && i < xy.length; i++) reach[i & 1] = Math.max(reach[i & 1], Math.abs(xy[i]));
  return reach;
}
function project() {
  const { now, screen, camera } = map, size = unitSize(), left = map.width / 2 - camera.x * size, top = map.height / 2 - camera.y * size;
  for (let i = 0; i < now.length; i += 2) { screen[i] = now[i] * size + left; screen[i + 1] = now[i + 1] * size + top; }
}
const toMap = (x, y) => [(x - map.width / 2) / unitSize() + map.camera.x, (y - map.height / 2) / unitSize() + map.camera.y];
function zoomAt(factor, x = map.width / 2, y = map.height / 2) {
  const [u, v] = toMap(x, y), camera = map.camera;
  camera.zoom = Math.min(FARTHEST, Math.max(0.5, camera.zoom * factor));
  const [p, q] = toMap(x, y);
  camera.x += u - p; camera.y += v - q;
  moved();
}
function panBy(dx, dy) {
  map.camera.x -= dx / unitSize(); map.camera.y -= dy / unitSize();
  moved();
}
function moved() {
  redraw();
  clearTimeout(waiting.link);
  waiting.link = setTimeout(writeLink, 300);
}
function flyTo(index, closer = true) {
  if (!(index >= 0 && index < map.count)) return;
  const from = { ...map.camera }, zoom = closer ? Math.max(from.zoom, near()) : from.zoom;
  const [x, y] = [map.now[2 * index], map.now[2 * index + 1]];
  animate((share) => {
    map.camera = { x: from.x + share * (x - from.x), y: from.y + share * (y - from.y), zoom: from.zoom * (zoom / from.zoom) ** share };
    moved();
  });
}
const near = () => Math.max(2, Math.sqrt(map.count) / 8); // the zoom at which a point's surroundings fill the view
function fitAll() {
  const from = { ...map.camera };
  animate((share) => {
    map.camera = { x: from.x * (1 - share), y: from.y * (1 - share), zoom: from.zoom ** (1 - share) };
    moved();
  });
}

// ---- the link: where the map stands, what is picked, what is lassoed
function writeLink() {
  const { camera } = map, t = map.wantedT ?? map.t, whole = camera.zoom === 1 && !camera.x && !camera.y;
  lab.set({
    [linked("view")]: whole ? null : [camera.x.toFixed(3), camera.y.toFixed(3), camera.zoom.toPrecision(3)].join(","),
    [linked("point")]: map.picked >= 0 ? map.picked : null,
    [linked("morph")]: t > 0 ? t.toFixed(2) : null,
    [linked("lasso")]: map.polygon ? map.polygon.map((v) => v.toFixed(3)).join(",") : null,
  });
}
const numbers = (name) => String(lab.get(linked(name)) || "").split(",").map(parseFloat).filter(Number.isFinite);
function readPoint() {
  const [point] = numbers("point");
  if (point >= 0) map.picked = Math.floor(point);
}
function readLink() {
  const [x, y, zoom] = numbers("view"), [t] = numbers("morph"), lasso = numbers("lasso");
  readPoint();
  props.value = { ...props.value, picked: map.picked };
  if (zoom >= 0.5 && zoom <= FARTHEST) map.camera = { x, y, zoom };
  if (t >= 0 && t <= 1) map.wantedT = t;
  if (lasso.length >= 6 && lasso.length % 2 === 0) map.polygon = lasso;
  if (map.count && map.polygon) selectWithin(map.polygon, false);
}

function redraw() {
  if (!waiting.frame) waiting.frame = requestAnimationFrame(() => { waiting.frame = 0; paint(); });
}
