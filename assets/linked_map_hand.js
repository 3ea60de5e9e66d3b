// The hand on the linked map: drag, wheel, pinch, lasso, click, keys.
const hand = { fingers: new Map(), path: null, start: null, moved: false, pinch: 0 };
const SLACK = 5; // CSS pixels that a click may wander
const CORNERS = 40; // a lasso is kept as a polygon of at most so many corners, which a link can hold

const at = (event) => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * map.ratio, (event.clientY - box.top) * map.ratio];
};
// The point under the pointer: the topmost picture, or the nearest dot within reach.
function pointAt(x, y) {
  let best = -1, least = Math.max(8 * map.ratio, dotRadius() + 3 * map.ratio) ** 2;
  for (let i = map.count - 1; i >= 0; i--) {
    const dx = map.screen[2 * i] - x, dy = map.screen[2 * i + 1] - y;
    if (map.drawn && vivid(i)) { if (Math.max(Math.abs(dx), Math.abs(dy)) <= map.drawn / 2) return i; } else if (map.drawn) continue;
    const far = dx * dx + dy * dy;
    if (far < least) [best, least] = [i, far];
  }
  return best;
}
function inside(polygon, x, y) {
  let odd = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [x1, y1, x2, y2] = [polygon[i], polygon[i + 1], polygon[j], polygon[j + 1]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}
// Select what lies within a polygon of the map; `add` keeps what is selected already.
function selectWithin(polygon, add) {
  const chosen = add && map.chosen ? map.chosen : new Uint8Array(map.count);
  const places = map.a ? blend(map.t) : []; // where the points belong, also while they still fly there
  for (let i = 0; i < map.count; i++) if (!map.muted.has(groupOf(i)) && inside(polygon, places[2 * i], places[2 * i + 1])) chosen[i] = 1;
  map.polygon = add && map.chosen ? null : polygon; // two lassoes are more than a link holds
  choose(chosen);
}
function choose(chosen) {
  map.list = [];
  for (let i = 0; chosen && i < map.count; i++) if (chosen[i]) map.list.push(i);
  map.chosen = map.list.length ? chosen : null;
  if (!map.chosen) map.polygon = null;
  showSelection();
  writeLink();
  redraw();
  report("selected");
}
function pick(index) {
  map.picked = index;
  map.marks = [];
  writeLink();
  redraw();
  report("picked");
}
// Python gets {"picked": index or -1, "selected": [indices]} and an event of its own for each.
function report(event) {
  props.value = { picked: map.picked, selected: map.list };
  if (event === "picked") trigger("picked"); else trigger("selected");
}
function endLasso(add) {
  const path = hand.path;
  hand.path = null;
  if (path.length < 6) return redraw();
  const step = Math.max(1, Math.ceil(path.length / 2 / CORNERS)), polygon = [];
  for (let j = 0; j < path.length / 2; j += step) polygon.push(...toMap(path[2 * j], path[2 * j + 1]).map((v) => +v.toFixed(3)));
  map.byHand = true;
  selectWithin(polygon, add);
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button > 0) return;
  const [x, y] = at(event);
  canvas.setPointerCapture?.(event.pointerId);
  hand.fingers.set(event.pointerId, [x, y]);
  Object.assign(hand, { start: [x, y], moved: false, pinch: 0 });
  hand.path = hand.fingers.size === 1 && (map.tool === "lasso" || event.shiftKey) ? [x, y] : null;
  tip(-1);
});
canvas.addEventListener("pointermove", (event) => {
  const [x, y] = at(event), before = hand.fingers.get(event.pointerId);
  if (!before) return hover(x, y);
  hand.fingers.set(event.pointerId, [x, y]);
  if (Math.hypot(x - hand.start[0], y - hand.start[1]) > SLACK * map.ratio) hand.moved = true;
  if (hand.fingers.size === 2) return pinch();
  if (hand.path) { hand.path.push(x, y); redraw(); } else if (hand.moved) panBy(x - before[0], y - before[1]);
});
function pinch() {
  const [[x1, y1], [x2, y2]] = [...hand.fingers.values()], wide = Math.hypot(x1 - x2, y1 - y2), middle = [(x1 + x2) / 2, (y1 + y2) / 2];
  if (hand.pinch) { panBy(middle[0] - hand.middle[0], middle[1] - hand.middle[1]); zoomAt(wide / hand.pinch, ...middle); }
  Object.assign(hand, { pinch: wide, middle, path: null, moved: true });
}
function release(event) {
  if (!hand.fingers.delete(event.pointerId) || hand.fingers.size) return;
  if (hand.path && hand.moved) return endLasso(event.shiftKey);
  hand.path = null;
  if (!hand.moved && event.type === "pointerup") pick(pointAt(...at(event)));
}
canvas.addEventListener("pointerup", release);
canvas.addEventListener("pointercancel", release);
canvas.addEventListener("pointerleave", () => { if (!hand.fingers.size) { unhover(); redraw(); } });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  unhover();
  const pixels = event.deltaMode ? event.deltaY * 16 : event.deltaY;
  zoomAt(Math.exp(-Math.max(-240, Math.min(240, pixels)) / 400), ...at(event));
}, { passive: false });
canvas.addEventListener("dblclick", (event) => zoomAt(2, ...at(event)));

function unhover() {
  map.hover = -1;
  tip(-1);
}
function hover(x, y) {
  const found = pointAt(x, y);
  canvas.style.cursor = found >= 0 ? "pointer" : map.tool === "lasso" ? "crosshair" : "grab";
  if (found === map.hover) return;
  map.hover = found;
  tip(found);
  redraw();
}
function tip(index) {
  const box = $(".map-tip");
  box.hidden = index < 0;
  if (index < 0) return;
  box.querySelector("span").textContent = describe(index);
  dress(box.querySelector("i"), index, map.thumbs ? Math.max(96, map.thumbs.side) : 0);
  const x = map.screen[2 * index] / map.ratio, y = map.screen[2 * index + 1] / map.ratio, low = y < map.height / map.ratio / 2;
  box.style.left = `${Math.min(Math.max(x, 70), map.width / map.ratio - 70)}px`;
  box.style.top = low ? `${y + 12 + map.drawn / 2 / map.ratio}px` : `${y - 12 - map.drawn / 2 / map.ratio}px`;
  box.classList.toggle("above", !low);
}

const STEP = 48; // CSS pixels that an arrow key moves the map
canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const way = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key], step = STEP * map.ratio;
  if (way) panBy(way[0] * step, way[1] * step);
  else if (event.key === "+" || event.key === "=") zoomAt(1.4);
  else if (event.key === "-") zoomAt(1 / 1.4);
  else if (event.key === "0") fitAll();
  else if (event.key === "Enter" || event.key === " ") pick(nearestToMiddle());
  else if (event.key === "Escape") { choose(null); pick(-1); }
  else return;
  event.preventDefault();
  event.stopPropagation();
});
function nearestToMiddle() {
  let best = -1, least = Infinity;
  for (let i = 0; i < map.count; i++) {
    const far = Math.hypot(map.screen[2 * i] - map.width / 2, map.screen[2 * i + 1] - map.height / 2);
    if (vivid(i) && far < least) [best, least] = [i, far];
  }
  return best;
}
function useTool(name) {
  map.tool = name;
  root.querySelectorAll("[data-tool]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.tool === name)));
  canvas.style.cursor = name === "lasso" ? "crosshair" : "grab";
}
