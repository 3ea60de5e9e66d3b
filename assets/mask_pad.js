// The mask pad: SIDE x SIDE, stretched over the photo; `bits` holds 1 where the photo is hidden.
const SIDE = 256, HISTORY = 60;
const $ = (selector) => element.querySelector(selector);
const canvas = $("canvas"), paper = canvas.getContext("2d");
const stage = $(".stage"), size = $(".size input"), seed = $(".seed input"), file = $(".file"), state = $(".state");
const layer = new OffscreenCanvas(SIDE, SIDE), ink = layer.getContext("2d", { willReadFrequently: true });
const veil = new OffscreenCanvas(1, 1), cloth = veil.getContext("2d");
let bits = new Uint8Array(SIDE * SIDE), past = [], future = [];
let tool = "brush", photo = null, picture = null, gesture = null, cursor = null, keyboard = false, truthHidden = false;
let sent = null, turn = 0;

// --- the mask as text: raw deflate of the packed bits, base64url; Python's twin is visualize/widgets/mask_pad.py
async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}
async function encode(mask) {
  const packed = new Uint8Array(SIDE * SIDE / 8);
  for (let i = 0; i < mask.length; i++) if (mask[i]) packed[i >> 3] |= 128 >> (i & 7);
  const data = await through(new CompressionStream("deflate-raw"), packed);
  return "z" + btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
async function decode(code) {
  const data = Uint8Array.from(atob(code.slice(1).replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const packed = await through(new DecompressionStream("deflate-raw"), data);
  if (packed.length !== SIDE * SIDE / 8) throw new Error("not a mask");
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (packed[i >> 3] >> (7 - (i & 7))) & 1);
}

// --- bits <-> the layer that is painted on
function toLayer() {
  const image = new ImageData(SIDE, SIDE);
  for (let i = 0; i < bits.length; i++) image.data[4 * i + 3] = bits[i] * 255;
  ink.putImageData(image, 0, 0);
}
function fromLayer() {
  const alpha = ink.getImageData(0, 0, SIDE, SIDE).data;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (alpha[4 * i + 3] > 127 ? 1 : 0));
}

// --- looks
function redraw() {
  if (!picture) return;
  const { width, height } = canvas, scale = width / photo.width;
  paper.imageSmoothingQuality = "high";
  paper.drawImage(picture, 0, 0, width, height);
  if (veil.width !== width || veil.height !== height) { veil.width = width; veil.height = height; }
  cloth.globalCompositeOperation = "copy";
  cloth.drawImage(layer, 0, 0, width, height);
  cloth.globalCompositeOperation = "source-in";
  cloth.fillStyle = hatch();
  cloth.fillRect(0, 0, width, height);
  // while the hand moves the photo shines through, so that one can paint along an outline
  paper.globalAlpha = gesture && !truthHidden ? 0.72 : 1;
  paper.drawImage(veil, 0, 0);
  paper.globalAlpha = 1;
  if (gesture && tool === "box") outline((p) => p.rect(...corners(gesture.from, gesture.to).map((v) => v * scale)));
  else if (cursor && tool === "box") outline((p) => { const [x, y] = [cursor.x * scale, cursor.y * scale];
    p.moveTo(x - 12, y); p.lineTo(x + 12, y); p.moveTo(x, y - 12); p.lineTo(x, y + 12); });
  else if (cursor) outline((p) => p.arc(cursor.x * scale, cursor.y * scale, radius() * scale, 0, 7));
}
function hatch() {
  const tile = new OffscreenCanvas(12, 12), pen = tile.getContext("2d");
  pen.fillStyle = "#8a8a8a"; pen.fillRect(0, 0, 12, 12);
  pen.strokeStyle = "#a2a2a2"; pen.lineWidth = 3;
  for (const shift of [-12, 0, 12]) { pen.beginPath(); pen.moveTo(shift - 2, 14); pen.lineTo(shift + 14, -2); pen.stroke(); }
  return cloth.createPattern(tile, "repeat");
}
function outline(path) {
  for (const [color, width] of [["#000", 3], ["#fff", 1.4]]) {
    paper.beginPath(); path(paper); paper.strokeStyle = color; paper.lineWidth = width; paper.stroke();
  }
}
function fit() {
  if (!photo) return;
  stage.style.setProperty("--aspect", photo.width / photo.height);
  const box = canvas.getBoundingClientRect(), ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(width * photo.height / photo.width));
  if (box.width && (canvas.width !== width || canvas.height !== height)) { canvas.width = width; canvas.height = height; }
  redraw();
}
function tell(sentence) {
  const share = 100 * bits.reduce((sum, bit) => sum + bit, 0) / bits.length;
  state.textContent = sentence || (share ? `${share < 10 ? share.toFixed(1) : share.toFixed(0)} % of the photo is hidden.` : "Nothing is hidden: paint over a part of the photo.");
  $("[data-do=undo]").disabled = !past.length;
  $("[data-do=redo]").disabled = !future.length;
}

// --- painting, in pixels of the photo
const radius = () => size.value / 200 * Math.max(photo.width, photo.height);
const corners = (a, b) => [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
function paint(from, to) {
  ink.save();
  ink.scale(SIDE / photo.width, SIDE / photo.height);
  ink.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
  if (tool === "box") ink.fillRect(...corners(from, to));
  else {
    ink.lineCap = ink.lineJoin = "round"; ink.lineWidth = 2 * radius();
    ink.beginPath(); ink.moveTo(from.x, from.y); ink.lineTo(to.x + 0.01, to.y); ink.stroke();
  }
  ink.restore();
}
function place(event) {
  const box = canvas.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width * photo.width, y: (event.clientY - box.top) / box.height * photo.height };
}
function commit(next, code) {
  if (next.every((bit, i) => bit === bits[i])) { toLayer(); redraw(); return; }
  past.push(bits); if (past.length > HISTORY) past.shift();
  future = [];
  show(next, code);
}
function show(next, code) {
  bits = next; toLayer(); redraw(); tell(); publish(code);
}
async function publish(code) {
  const at = performance.now(), mine = ++turn, text = code || await encode(bits);
  if (mine !== turn || text === sent) return;
  sent = text; props.value = text;
  window.lab.set({ mask: text });
  document.dispatchEvent(new CustomEvent("lab:stroke", { detail: { at, mask: text } }));
  trigger("stroke");
}
async function take(code, remember) {
  const mine = ++turn;
  try {
    const next = await decode(code.startsWith("z") ? code : await server.draw_preset(code));
    if (mine !== turn) return;
    if (remember) commit(next, code); else show(next, code);
  } catch {
    if (mine !== turn) return;
    if (!remember) await take("central-region", false); // the pad starts with what the answers start with
    tell("The mask in this link cannot be read. Paint a new one, or choose a preset.");
  }
}

canvas.addEventListener("pointerdown", (event) => {
  if (!photo || event.button || gesture) return;
  event.preventDefault(); canvas.focus({ preventScroll: true }); canvas.setPointerCapture(event.pointerId);
  keyboard = false; cursor = place(event);
  gesture = { id: event.pointerId, from: cursor, to: cursor };
  if (tool !== "box") paint(cursor, cursor);
  redraw();
});
canvas.addEventListener("pointermove", (event) => {
  if (!photo) return;
  if (!gesture) { cursor = place(event); redraw(); return; }
  if (event.pointerId !== gesture.id) return;
  for (const move of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
    cursor = place(move);
    if (tool !== "box") paint(gesture.to, cursor);
    gesture.to = cursor;
  }
  redraw();
});
function lift(event) {
  if (!gesture || event.pointerId !== gesture.id) return;
  if (tool === "box") paint(gesture.from, gesture.to);
  gesture = null;
  if (event.pointerType === "touch") cursor = null;
  commit(fromLayer());
}
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);
canvas.addEventListener("pointerleave", () => { if (!gesture && !keyboard) { cursor = null; redraw(); } });
canvas.addEventListener("blur", () => { if (keyboard) { keyboard = false; gesture = null; cursor = null; toLayer(); redraw(); } });

function useTool(name) {
  if (gesture) { gesture = null; commit(fromLayer()); } // what is painted stays, and is a mask
  tool = name;
  element.querySelectorAll("[data-tool]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.tool === name));
  redraw();
}
const actions = {
  undo() { if (past.length) { future.push(bits); show(past.pop()); } },
  redo() { if (future.length) { past.push(bits); show(future.pop()); } },
  clear() { commit(new Uint8Array(SIDE * SIDE)); },
  invert() { commit(bits.map((bit) => 1 - bit)); },
  load() { file.click(); },
  async save() {
    const sheet = new OffscreenCanvas(photo?.width || SIDE, photo?.height || SIDE), pen = sheet.getContext("2d");
    const image = new ImageData(SIDE, SIDE);
    bits.forEach((bit, i) => image.data.set([bit * 255, bit * 255, bit * 255, 255], 4 * i));
    const grid = new OffscreenCanvas(SIDE, SIDE); grid.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false; pen.drawImage(grid, 0, 0, sheet.width, sheet.height);
    window.lab.save(await sheet.convertToBlob(), "mask.png");
  },
};
const seedOf = () => Math.min(999999, Math.max(0, Math.floor(seed.value) || 0));
function usePreset(kind) {
  if (kind === "central-region") return take(kind, true);
  seed.value = props.value.startsWith(kind) ? (seedOf() + 1) % 1000000 : seedOf();
  take(`${kind}-${seed.value}`, true);
}
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.tool) useTool(button.dataset.tool);
  if (button?.dataset.do) actions[button.dataset.do]();
  if (button?.dataset.preset) usePreset(button.dataset.preset);
});
seed.addEventListener("change", () => {
  const kind = /^random-[a-z]+/.exec(props.value)?.[0];
  seed.value = seedOf();
  if (kind) take(`${kind}-${seed.value}`, true);
});
file.addEventListener("change", async () => {
  const chosen = file.files[0]; file.value = "";
  if (!chosen) return;
  try {
    const image = await createImageBitmap(chosen), sheet = new OffscreenCanvas(SIDE, SIDE), pen = sheet.getContext("2d");
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, SIDE, SIDE); pen.drawImage(image, 0, 0, SIDE, SIDE);
    const data = pen.getImageData(0, 0, SIDE, SIDE).data;
    commit(Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (data[4 * i] + data[4 * i + 1] + data[4 * i + 2] > 382 ? 1 : 0)));
  } catch { tell("This file is not a picture that the browser can open. Choose a PNG: white is hidden, black is known."); }
});
function usePhoto() {
  const next = props.photo, image = new Image();
  if (!next || next.src === photo?.src) return;
  image.onload = () => { if (next.src === props.photo?.src) { photo = next; picture = image; fit(); } };
  image.src = next.src;
}
watch("photo", usePhoto);
watch("value", () => { if (props.value !== sent) take(props.value, true); });
document.addEventListener("lab:mask", (event) => take(event.detail, true)); // another tab shows a hole of this photo
window.lab.onTruth((hidden) => { truthHidden = hidden; redraw(); });
new ResizeObserver(fit).observe(stage);
usePhoto();
const start = window.lab.get("mask") || props.value;
if (start === props.value) sent = start;  // the page has already asked for the answers to the mask it starts with
seed.value = /^random-\w+-(\d+)$/.exec(start)?.[1] || 0;
take(start, false);
