// The answers side by side. Each tile composes photo + patch at the photo's own size, then draws it at the size of the screen.
const $ = (selector) => element.querySelector(selector);
const root = $(".answers"), grid = $(".tiles"), wipe = $(".wipe input"), message = $(".message"), scale = $(".scale");
const TRUTH = { id: "truth", title: "Truth", note: "The photograph itself", truth: true };
const ARROW = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1v9M4 6.5 8 10.5l4-4M2 14.5h12" fill="none" stroke="currentColor" stroke-width="1.8"/></svg>';
const tiles = new Map();
let photo = null, picture = null, shown = null, view = "picture", hidden = false, strokeAt = null, waitTimer = 0, followTimer = 0, wanted = null, fitting = null;

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
function tile(id) {
  if (tiles.has(id)) return tiles.get(id);
  const node = make("figure", "tile"), frame = make("div", "frame"), canvas = make("canvas"), veil = make("div", "veil");
  const caption = make("figcaption"), name = make("b"), psnr = make("span", "psnr"), rest = make("span", "rest"), save = make("button", "save");
  save.type = "button"; save.title = "Save as PNG"; save.innerHTML = ARROW; canvas.setAttribute("role", "img");
  frame.append(canvas, veil); caption.append(name, psnr, rest, save); node.append(frame, caption); node.dataset.id = id;
  const one = { node, frame, canvas, veil, name, psnr, rest, save, pen: canvas.getContext("2d"), full: new OffscreenCanvas(1, 1), patch: null, blank: null, error: null, answer: null };
  save.addEventListener("click", () => download(one));
  frame.addEventListener("pointerdown", (event) => { if (!event.button && !hidden) { frame.setPointerCapture(event.pointerId); drag(event, frame); } });
  frame.addEventListener("pointermove", (event) => { if (frame.hasPointerCapture(event.pointerId)) drag(event, frame); });
  tiles.set(id, one);
  return one;
}
function drag(event, frame) {
  const box = frame.firstChild.getBoundingClientRect();
  wipe.value = Math.max(0, Math.min(100, 100 * (event.clientX - box.left) / box.width));
  drawAll();
}
async function download(one) {
  window.lab.save(await one.full.convertToBlob(), `${photo.key}-${one.answer.id}${view === "error" && one.error ? "-error" : ""}.png`);
}

// --- drawing
function compose(one) {
  one.full.width = photo.width; one.full.height = photo.height;
  const pen = one.full.getContext("2d");
  const patch = view === "error" && one.error ? one.error : one.patch;
  if (view === "error" && one.error) pen.filter = "grayscale(1) brightness(0.35)";
  pen.drawImage(picture, 0, 0, photo.width, photo.height);
  pen.filter = "none";
  if (patch) pen.drawImage(patch.image, ...patch.box);
  else if (one.blank) { pen.fillStyle = "#767676"; pen.fillRect(...one.blank); }  // never the truth in place of an answer
}
function draw(one) {
  const { canvas, pen } = one, box = canvas.getBoundingClientRect(), ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(width * photo.height / photo.width));
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  pen.imageSmoothingQuality = "high";
  pen.drawImage(one.full, 0, 0, width, height);
  const edge = hidden || one.answer?.truth ? 0 : wipe.value / 100;
  if (!edge) return;
  pen.drawImage(picture, 0, 0, picture.naturalWidth * edge, picture.naturalHeight, 0, 0, width * edge, height);
  pen.fillStyle = "#000"; pen.fillRect(width * edge - 2, 0, 4, height);
  pen.fillStyle = "#fff"; pen.fillRect(width * edge - 1, 0, 2, height);
}
function drawAll() { if (picture) for (const one of tiles.values()) if (one.node.isConnected && one.full.width > 1) draw(one); }
function composeAll() { if (picture) { for (const one of tiles.values()) if (one.node.isConnected) compose(one); drawAll(); } }

const { digits } = window.lab;
function caption(one) {
  const { answer } = one, told = !hidden && Number.isFinite(answer.psnr);
  one.name.textContent = answer.title; one.node.title = answer.note || "";
  one.node.classList.toggle("failed", Boolean(answer.error)); one.node.classList.toggle("pending", Boolean(answer.waiting));
  one.psnr.textContent = told ? `${answer.psnr.toFixed(1)} dB` : "";
  one.rest.textContent = told ? `L1 ${digits(answer.l1)} % · L2 ${digits(answer.l2)} % · sharp ${(100 * answer.sharpness).toFixed(1)} %`
    : answer.truth ? "the photo itself" : hidden && one.patch ? "figures come with the truth" : answer.waiting ? "follows in a moment" : answer.note || "";
  one.save.hidden = !one.patch && !answer.truth || hidden && answer.truth;
  one.save.setAttribute("aria-label", `Save ${answer.title} as PNG`);
  one.canvas.setAttribute("aria-label", `${answer.title}${told ? `, PSNR ${answer.psnr.toFixed(1)} decibel` : ""}`);
  one.veil.textContent = answer.error || (answer.truth && hidden ? "What was there? Guess, then show the truth." : "");
  one.veil.hidden = !one.veil.textContent;
  one.veil.classList.toggle("opaque", Boolean(answer.truth && hidden));
}
function load(patch) {
  return new Promise((done) => {
    if (!patch) return done(null);
    const image = new Image();
    image.onload = () => done({ image, box: patch.box });
    image.onerror = () => done(null);
    image.src = patch.src;
  });
}

// --- what arrives
async function usePhoto() {
  const next = props.photo;
  if (!next || next.src === photo?.src) return;
  const image = new Image();
  image.src = next.src;
  await image.decode().catch(() => null);
  if (next.src !== props.photo.src) return;
  photo = next; picture = image;
  grid.style.setProperty("--aspect", photo.width / photo.height);
}
async function useValue() {
  // an answer to a mask that has changed since must not push aside one that fits and waits for its photo
  if (props.value && (wanted === null || props.value.mask === wanted)) fitting = props.value;
  const next = fitting;
  if (!next || next === shown || wanted !== null && next.mask !== wanted) return;
  await usePhoto();
  if (!photo || next.photo !== photo.key) {  // the photo is still on its way, or there is none
    if (next.message) { say(next.message); quiet(); }
    return;
  }
  const patches = await Promise.all(next.answers.map((answer) => load(answer.patch)));
  if (fitting !== next) return;
  shown = next;
  quiet();
  say(next.message);
  const box = next.answers.find((answer) => answer.patch)?.patch.box;
  const order = [...next.answers, TRUTH].map((answer, i) => {
    const one = tile(answer.id);
    one.answer = answer; one.patch = patches[i] || null; one.error = null; one.blank = answer.truth ? null : box || (next.covered ? [0, 0, photo.width, photo.height] : null);
    caption(one);
    return one.node;
  });
  if (order.length !== grid.children.length || order.some((node, i) => node !== grid.children[i])) grid.replaceChildren(...order);
  grid.style.setProperty("--columns", order.length > 6 ? 4 : 3);
  mark(); composeAll();
  $(".size").textContent = next.size ? ` at ${next.size}` : "";
  if (strokeAt && next.mask === wanted) { root.dataset.strokeToPicture = Math.round(performance.now() - strokeAt); strokeAt = null; }
  root.dataset.mask = next.mask; root.dataset.photo = next.photo; delete root.dataset.later;
  clearTimeout(followTimer);  // a hand that goes on painting should not wait behind the slow answers
  if (next.answers.some((answer) => answer.patch)) followTimer = setTimeout(() => trigger("filled"), 200);
}
async function useLater() {
  const later = props.later;
  if (!later || !shown || later.mask !== shown.mask || later.photo !== shown.photo) return;
  const errors = Object.entries(later.errors), maps = await Promise.all(errors.map(([, patch]) => load(patch)));
  const patches = await Promise.all(later.answers.map((answer) => load(answer.patch)));
  if (later.mask !== shown.mask || later.photo !== shown.photo) return;
  later.answers.forEach((answer, i) => { const one = tile(answer.id); one.answer = answer; one.patch = patches[i]; caption(one); });
  errors.forEach(([id], i) => { tile(id).error = maps[i]; });
  scale.querySelector("i").style.background = `linear-gradient(to right, ${later.scale.join(", ")})`;
  scale.querySelector(".high").textContent = `${later.top} % error`;
  mark(); composeAll();
  root.dataset.later = later.mask;
}
function mark() {
  const all = [...tiles.values()].filter((one) => one.node.isConnected), best = Math.max(...all.map((one) => one.answer?.psnr ?? -1));
  for (const one of all) one.node.classList.toggle("best", !hidden && one.answer?.psnr === best);
}
function say(sentence) { message.textContent = sentence || ""; message.hidden = !sentence; }
function quiet() { clearTimeout(waitTimer); root.classList.remove("waiting"); }

// --- controls
function setTruth(hide) {
  hidden = hide;
  const button = $("[data-do=truth]");
  button.setAttribute("aria-pressed", String(hidden)); button.textContent = hidden ? "Show the truth" : "Hide the truth";
  wipe.disabled = hidden; $("[data-view=error]").disabled = hidden;
  if (hidden) { wipe.value = 0; setView("picture"); }
  tiles.forEach((one) => one.answer && caption(one));
  mark(); composeAll();
}
function setView(name) {
  view = name; scale.hidden = view !== "error";
  element.querySelectorAll("[data-view]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.view === view)));
  window.lab.set({ view: view === "error" ? "error" : null });
  composeAll();
}
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.view) setView(button.dataset.view);
  if (button?.dataset.do === "truth") window.lab.hideTruth(!hidden);
});
wipe.addEventListener("input", drawAll);
function expect() {
  clearTimeout(waitTimer); clearTimeout(followTimer);
  waitTimer = setTimeout(() => root.classList.add("waiting"), 100);
}
document.addEventListener("lab:stroke", (event) => { strokeAt = event.detail.at; wanted = event.detail.mask; expect(); });
window.lab.onShow((tab, key) => { if (tab === "inpaint" && key !== shown?.photo) expect(); });
watch("value", useValue);
watch("photo", useValue);
watch("later", useLater);
new ResizeObserver(drawAll).observe(grid);
const linkedView = window.lab.get("view");
window.lab.onTruth(setTruth);
if (linkedView === "error" && !hidden) setView("error");
useValue();
