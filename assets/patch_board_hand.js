// What the hand does on the board: drag the patch, keys, size, switches; and what arrives from Python.
let linked = read(window.lab.get("patch")); // what a link asks for; Python may have been asked before this script ran
let waiting = false, pending = null, asked = null, dragging = false;

// One question at a time: what the hand does meanwhile is asked when the answer is there.
function ask() {
  const code = written(board.patch);
  window.lab.set({ patch: code });
  if (waiting) { pending = code; return; }
  waiting = true;
  pending = null;
  asked = props.value = code;
  element.classList.add("asking");
  setTimeout(() => trigger("moved"), 0);
  setTimeout(() => { // an answer may be lost; the hand is not to be stuck
    if (!waiting || asked !== code) return;
    waiting = false;
    if (pending) ask();
  }, 5000);
}
function move(x, y) {
  const clip = (share) => Math.min(1, Math.max(0, share));
  board.patch = { ...board.patch, x: clip(x), y: clip(y), photo: board.key };
  showPatch();
  ask();
}
function resize(side) {
  board.patch = { ...board.patch, side: Math.min(0.4, Math.max(0.1, side)), photo: board.key };
  showPatch();
  ask();
}
function follow(event) {
  const box = stage.getBoundingClientRect();
  move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
}
stage.addEventListener("pointerdown", (event) => {
  if (event.button || !board.patch || !board.photo) return;
  dragging = true;
  stage.setPointerCapture(event.pointerId);
  follow(event);
});
stage.addEventListener("pointermove", (event) => { if (dragging) follow(event); });
for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { dragging = false; });
stage.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 0.005 : 0.025;
  const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!board.patch || !board.photo || event.ctrlKey || event.metaKey || event.altKey) return;
  if (arrow) {
    const at = frame(board.patch); // from where it is drawn, so that no key is lost at the rim
    move(at.left + at.width / 2 + arrow[0] * step, at.top + at.height / 2 + arrow[1] * step);
  } else if (event.key === "+" || event.key === "=") resize(board.patch.side + 0.02);
  else if (event.key === "-") resize(board.patch.side - 0.02);
  else return;
  event.preventDefault();
});
size.addEventListener("input", () => { if (board.patch) resize(Number(size.value) / 100); });

function press(name, on) {
  if (name === "hide") board.hidden = on;
  else board.mapped = on;
  $(`[data-do=${name}]`).setAttribute("aria-pressed", String(on));
  $("[data-do=hide]").textContent = board.hidden ? "Show the truth" : "Hide the truth";
  stage.classList.toggle("hiding", board.hidden);
  showMap();
  if (board.shown) showAnswer(board.shown);
}
$("[data-do=hide]").addEventListener("click", () => window.lab.hideTruth(!board.hidden));
$("[data-do=map]").addEventListener("click", () => {
  press("map", !board.mapped);
  window.lab.set({ foretold: board.mapped ? "on" : null });
});

function usePhoto(scene) {
  if (!scene.photo || (board.photo && board.photo.src === scene.photo.src)) return;
  board.photo = scene.photo;
  photoImg.alt = scene.photo.name;
  photoImg.src = through.src = scene.photo.src;
  stage.style.setProperty("--aspect", scene.photo.width / scene.photo.height);
}
function arrive() {
  const scene = props.scene;
  if (!scene) return;
  if (asked && scene.key === board.key && scene.patch && scene.patch !== asked) return; // the hand has gone on
  if (scene.key !== board.key) Object.assign(board, { key: scene.key, patch: null, shown: null });
  usePhoto(scene);
  say(scene);
  const told = read(scene.patch), missed = told && linked && linked.photo === scene.key && written(linked) !== written(told);
  if (told && linked && linked.photo === scene.key) {
    const wanted = linked;
    linked = null;
    if (missed) {
      board.patch = wanted;
      showPatch();
      ask();
      return;
    }
  }
  if (told && !dragging && !pending) board.patch = told;
  showPatch();
  if (scene.rows) showAnswer(scene);
  else if (scene.message || scene.problem || scene.working) {
    board.shown = null;
    $(".told").hidden = $(".unit").hidden = true;
    $(".guesses").replaceChildren();
    $(".rows").replaceChildren();
  }
  if (told) {
    element.dataset.ready = scene.patch;
    if (!pending) window.lab.set({ patch: scene.patch });
    waiting = false;
    asked = null;
    element.classList.remove("asking");
    if (pending && board.patch) ask();
  }
  showMap();
}
// Another photo has another patch: the one in the link stays only with its own photo.
window.lab.onShow((tab, photo) => {
  const wanted = read(window.lab.get("patch"));
  props.value = wanted && wanted.photo === photo ? window.lab.get("patch") : "";
  if (wanted && wanted.photo !== photo) window.lab.set({ patch: null });
  pending = asked = null;
  waiting = false;
});
document.addEventListener("lab:patch", (event) => {
  const told = read(event.detail);
  if (!told || told.photo !== board.key) return;
  board.patch = told;
  showPatch();
  ask();
});
watch("scene", arrive);
watch("spots", showMap);
window.lab.onTruth((hidden) => press("hide", hidden));
press("map", window.lab.get("foretold") === "on");
arrive();
