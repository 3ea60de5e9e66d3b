// The hand on the position board: dragging the patch, the arrow keys, and what starts everything.
let ghost = null;

function under(event) {
  const hit = document.elementsFromPoint(event.clientX, event.clientY).find((node) => node.closest?.(".field.mine .slot"));
  return hit ? hit.closest(".slot") : null;
}
function hover(slot) {
  mine.querySelectorAll(".slot").forEach((one) => one.classList.toggle("over", one === slot));
}
function drop() {
  ghost?.remove();
  ghost = null;
  piece.classList.remove("lifted");
  hover(null);
}
piece.addEventListener("pointerdown", (event) => {
  if (event.button || round.shown || !round.pictures) return;
  event.preventDefault();
  piece.setPointerCapture(event.pointerId);
  const side = mine.clientWidth * round.asked.boxes[4][2];
  ghost = make("canvas", { className: "ghost" });
  ghost.style.width = ghost.style.height = `${side}px`;
  root.append(ghost);
  draw.piece(ghost, round);
  piece.classList.add("lifted");
  follow(event);
});
function follow(event) {
  const box = root.getBoundingClientRect(), half = ghost.clientWidth / 2;
  ghost.style.transform = `translate(${event.clientX - box.left - half}px, ${event.clientY - box.top - half}px)`;
  hover(under(event));
}
piece.addEventListener("pointermove", (event) => { if (ghost) follow(event); });
piece.addEventListener("pointerup", (event) => {
  if (!ghost) return;
  const slot = under(event);
  drop();
  if (slot) answer(Number(slot.dataset.direction));
});
piece.addEventListener("pointercancel", drop);

// Arrow keys go from place to place in the ring of eight, across the middle too
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function step(from, [right, down]) {
  let [x, y] = from === null ? [1, 1] : [NINE[from] % 3, Math.floor(NINE[from] / 3)];
  do { x += right; y += down; } while (x === 1 && y === 1);
  return x < 0 || x > 2 || y < 0 || y > 2 ? from : NINE.indexOf(3 * y + x);
}
function focusSlot(direction) {
  const slots = [...mine.querySelectorAll(".slot")];
  slots.forEach((slot, d) => { slot.tabIndex = d === direction ? 0 : -1; });
  slots[direction]?.focus({ preventScroll: true });
}
mine.addEventListener("keydown", (event) => {
  const at = event.target.closest(".slot");
  if (!STEPS[event.key] || !at) return;
  event.preventDefault();
  event.stopPropagation();
  focusSlot(step(Number(at.dataset.direction), STEPS[event.key]));
});
document.addEventListener("keydown", (event) => {
  if (link.tab !== TAB || !round.asked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (link.typing(event) || event.target.closest("dialog")) return;
  if (event.key.toLowerCase() === "n") nextRound();
  else if (STEPS[event.key] && !round.shown && !event.target.closest("input, [role=radiogroup], [role=tablist]")) {
    event.preventDefault();
    focusSlot(step(null, STEPS[event.key]));
  }
});

readLink();
if (wanted !== props.example) props.value = `round-${wanted}`;
watch("asked", arrive);
link.onShow((tab, key) => { if (tab === TAB && key !== round.asked?.photo) wait(); });
new ResizeObserver(() => { if (round.asked) redraw(); }).observe(root);
arrive();
