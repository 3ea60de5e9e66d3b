// The position board: a question arrives in props.asked, a hand answers it, and then the networks' answers are shown.
// Runs as js_on_load of the gr.HTML in visualize/widgets/position_board.py, after position_board_draw.js and position_board_score.js.
const TAB = "relative_position";
const root = element.querySelector(".position-board"), $ = (selector) => root.querySelector(selector);
const piece = $(".piece"), mine = $(".field.mine"), others = $(".others"), message = $(".message"), says = $(".says");
const link = window.lab;
const slug = (direction) => NAMES[direction].replace(" ", "-"), number = (name) => NAMES.findIndex((_, d) => slug(d) === name);

// said: the direction that the hand chose, null before; shown: whether the answers are; example: the first round, nobody's turn
const round = { asked: null, pictures: null, said: null, shown: false, example: false, sharp: false, picture: () => round.pictures[round.sharp ? "sharp" : "seen"] };
const UNSAID = "nothing"; // in the link: the answer was shown without playing
let mix = false, waitTimer = 0;

// ---- the link ----
const linked = link.get("round");
let wanted = /^\d{1,6}$/.test(linked || "") ? Number(linked) : props.example;
function readLink() {
  round.sharp = link.get("patches") === "sharp";
  mix = link.get("photos") === "mixed";
  round.example = linked === null;
  round.said = number(link.get("said")) >= 0 && linked !== null ? number(link.get("said")) : null;
  round.shown = round.example || round.said !== null || (linked !== null && link.get("said") === UNSAID);
}
const writeLink = () => link.set({
  round: round.example ? null : wanted, said: round.said !== null ? slug(round.said) : round.shown && !round.example ? UNSAID : null,
  patches: round.sharp ? "sharp" : null, photos: mix ? "mixed" : null,
});

// ---- asking ----
function ask(next) {
  wanted = next;
  Object.assign(round, { said: null, shown: false, example: false });
  writeLink();
  props.value = `round-${next}`;
  wait();
}
const AFTER_EXAMPLE = 3; // the next round asks about the example's two patches the other way round
function nextRound() {
  const keys = props.photos, other = mix && keys.length > 1 ? keys[(keys.indexOf(link.photo) + 1) % keys.length] : null;
  ask((wanted + (round.example ? AFTER_EXAMPLE : 1)) % 1000000);
  if (other) document.dispatchEvent(new CustomEvent("lab:choose", { detail: other })); // the page asks for the round of the photo that has come
  else setTimeout(() => trigger("ask"), 0);
}
function wait() {
  clearTimeout(waitTimer);
  waitTimer = setTimeout(() => root.classList.add("waiting"), 150);
}

async function arrive() {
  const next = props.asked;
  if (!next) return;
  if (next.round !== wanted) { // the page asked before the link was read
    if (next.photo === link.photo) { props.value = `round-${wanted}`; setTimeout(() => trigger("ask"), 0); }
    return;
  }
  const changed = round.asked && round.asked.photo !== next.photo;
  const pictures = next.seen ? { seen: await picture(next.seen), sharp: await picture(next.sharp) } : null;
  if (props.asked !== next && JSON.stringify(props.asked) !== JSON.stringify(next)) return;
  clearTimeout(waitTimer);
  root.classList.remove("waiting");
  if (changed && round.asked.round === next.round) { Object.assign(round, { said: null, shown: false, example: false }); writeLink(); }
  Object.assign(round, { asked: next, pictures });
  root.dataset.photo = next.photo;
  root.dataset.round = next.round;
  layOut();
  redraw();
}

// ---- the fields ----
function layOut() {
  message.textContent = round.asked.message || "";
  message.hidden = !message.textContent;
  root.classList.toggle("empty", !round.pictures);
  root.classList.toggle("impossible", !round.pictures && !message.hidden);
  const share = round.pictures ? round.asked.boxes[4][2] : 0;
  root.style.setProperty("--patch", `${100 * share}%`);
  if (round.pictures) {
    mine.replaceChildren(mine.firstChild, ...NAMES.map((_, direction) => place("button", direction)));
    mine.querySelectorAll(".slot").forEach((slot, direction) => {
      Object.assign(slot, { type: "button", tabIndex: direction === 1 ? 0 : -1 });
      slot.addEventListener("click", () => answer(direction));
    });
  }
  others.replaceChildren(...round.asked.networks.map(tile), tile({ name: "truth", title: "The truth" }));
}
function place(tag, direction) {
  const [left, top] = draw.spot(round, NINE[direction]);
  const slot = make(tag, { className: "slot" }, make("span"));
  slot.dataset.direction = direction;
  Object.assign(slot.style, { left: `${100 * left}%`, top: `${100 * top}%` });
  return slot;
}
function tile(network) {
  const field = make("div", { className: "field" }, make("canvas"), make("div", { className: "veil" }));
  if (network.likely) field.append(...NAMES.map((_, direction) => place("div", direction)));
  const save = make("button", { type: "button", className: "save", textContent: "Save" });
  save.setAttribute("aria-label", `Save the picture "${network.title}"`);
  save.addEventListener("click", () => download(field.firstChild, network.name));
  const caption = make("figcaption", {}, make("b", { textContent: network.title }), make("span", { className: "verdict" }), make("span", { className: "rest" }), save);
  const node = make("figure", { className: "tile" }, field, caption);
  node.dataset.name = network.name;
  node.network = network;
  return node;
}
function download(canvas, name) {
  canvas.toBlob((blob) => window.lab.save(blob, `${round.asked.photo}-round-${round.asked.round}-${name}.png`));
}

// ---- what is seen ----
const percent = (share) => `${share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
function redraw() {
  const { asked, said, shown } = round;
  root.classList.toggle("shown", shown);
  for (const [name, on] of [["sharp", round.sharp], ["mix", mix]]) $(`[data-do=${name}]`).setAttribute("aria-pressed", String(on));
  $("[data-do=reveal]").hidden = shown || !round.pictures;
  const playable = round.pictures && !shown; // then it is first the hand's turn
  Object.assign($("[data-do=next]"), { textContent: round.example && round.pictures ? "Play" : "Next patch", className: playable ? "quiet" : "primary" });
  tally();
  if (!round.pictures) { says.textContent = ""; return; }
  const truth = LAY[asked.direction];
  draw.piece(piece, round);
  draw.field(mine.firstChild, round, shown ? (said ?? asked.direction) : null);
  mine.querySelectorAll(".slot").forEach((slot, direction) => {
    slot.disabled = shown;
    slot.firstChild.textContent = !shown ? "" : direction === said && said !== asked.direction ? "Wrong" : direction !== asked.direction ? ""
      : said === asked.direction ? "Correct" : "Here";
    slot.classList.toggle("true", shown && direction === asked.direction);
    slot.classList.toggle("false", shown && direction === said && said !== asked.direction);
    slot.setAttribute("aria-label", `Put it ${NAMES[direction]}${slot.firstChild.textContent ? `. ${slot.firstChild.textContent}` : ""}`);
  });
  says.textContent = round.example ? `An example, solved: the patch lay ${truth}. Your turn?`
    : !shown ? `Where did this patch lie? Drag it to its place, or click the place. You and the networks have ${asked.pixels} x ${asked.pixels} pixels.`
    : said === null ? `It lay ${truth}. Not counted.` : said === asked.direction ? `Correct: it lay ${truth}.` : `You say ${LAY[said]}; it lay ${truth}.`;
  for (const node of others.children) fill(node);
}
function fill(node) {
  const { asked, shown } = round, { network } = node, veil = node.querySelector(".veil"), canvas = node.querySelector("canvas");
  const [verdict, rest] = [node.querySelector(".verdict"), node.querySelector(".rest")], truth = network.name === "truth";
  veil.textContent = network.error || (shown ? "" : truth ? "?" : "Has answered. You first.");
  veil.hidden = !veil.textContent;
  node.querySelector(".save").hidden = !veil.hidden;
  const said = network.likely ? best(network.likely) : null;
  if (!shown || network.error) draw.open(canvas);
  else if (truth) draw.truth(canvas, round);
  else draw.field(canvas, round, said);
  const right = said === asked.direction;
  verdict.textContent = !shown ? "" : truth || said === null ? "" : right ? "correct" : "wrong";
  rest.textContent = !shown ? "" : truth ? `it lay ${LAY[asked.direction]}` : said === null ? "" : `says ${LAY[said]}, ${percent(network.likely[said])} sure`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${network.title}: ${verdict.textContent} ${rest.textContent}`);
  node.querySelectorAll(".slot").forEach((slot, direction) => {
    slot.hidden = !shown;
    slot.style.setProperty("--share", `${100 * network.likely[direction]}%`);
    slot.firstChild.textContent = percent(network.likely[direction]);
    slot.classList.toggle("true", direction === asked.direction);
    slot.classList.toggle("said", direction === said);
  });
}
function tally() {
  const lines = score.lines(round.asked.networks), heads = $(".score thead tr"), cells = $(".score tbody tr");
  heads.replaceChildren(heads.firstElementChild, ...lines.map((line) => make("th", { scope: "col", textContent: line.title })));
  cells.replaceChildren(cells.firstElementChild, ...lines.map((line) => {
    const told = !line.asked ? "–" : line.title === "Chance" ? `${Number(line.right.toFixed(1))} of ${line.asked}` : `${line.right} of ${line.asked}, ${Math.round(line.share)} %`;
    return make("td", { textContent: told });
  }));
}

// ---- the hand ----
function answer(direction) {
  if (round.shown || !round.pictures) return;
  Object.assign(round, { said: direction, shown: true, example: false });
  score.count(round.asked, direction);
  writeLink();
  redraw();
  $("[data-do=next]").focus({ preventScroll: true });
}
const actions = {
  next: nextRound,
  reveal() { round.shown = true; score.skip(round.asked); writeLink(); redraw(); },
  sharp() { round.sharp = !round.sharp; writeLink(); redraw(); },
  mix() { mix = !mix; writeLink(); redraw(); },
  forget() { score.forget(); redraw(); },
};
root.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button && round.asked) actions[button.dataset.do]();
});
