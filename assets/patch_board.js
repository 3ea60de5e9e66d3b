// What the board shows: the photo with its patch, the map, three rows of neighbours, and what each row foretells.
const RING = 1; // the context reaches as far beyond the patch as the patch is wide
const ORANGE = [230, 159, 0], BLUE = [0, 114, 178];
const stage = $(".stage"), photoImg = $(".photo"), through = $(".through"), canvas = $(".map");
const size = $(".size input"), stateLine = $(".state"), bar = $("progress");
const board = { photo: null, key: null, patch: null, hidden: false, mapped: false, shown: null };

// The code of a patch is "x,y,side@photo": center and side as shares of the photo, the side of its shorter one.
function read(code) {
  const [numbers, photo] = String(code || "").split("@");
  const [x, y, side] = numbers.split(",").map(Number);
  return [x, y, side].every((n) => n >= 0 && n <= 1) && photo ? { x, y, side, photo } : null;
}
const written = (patch) => `${patch.x.toFixed(3)},${patch.y.toFixed(3)},${patch.side.toFixed(3)}@${patch.photo}`;

// Left, top, width and height of a patch as shares of the photo, moved inside it.
function frame(patch) {
  const { width, height } = board.photo, short = Math.min(width, height);
  const side = Math.min(short, Math.max(patch.side * short, Math.min(32, short)));
  const inside = (at, length) => Math.min(Math.max(at * length - side / 2, 0), length - side) / length;
  return { left: inside(patch.x, width), top: inside(patch.y, height), width: side / width, height: side / height };
}
function place(box, left, top, width, height) {
  Object.assign(box.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * width}%`, height: `${100 * height}%` });
}
function showPatch() {
  stage.classList.toggle("ready", Boolean(board.photo && board.patch));
  if (!board.photo || !board.patch) return;
  const at = frame(board.patch);
  place($(".patch"), at.left, at.top, at.width, at.height);
  place($(".around"), at.left - RING * at.width, at.top - RING * at.height, (1 + 2 * RING) * at.width, (1 + 2 * RING) * at.height);
  const sides = [at.top, 1 - at.left - at.width, 1 - at.top - at.height, at.left].map((share) => `${100 * share}%`);
  through.style.clipPath = `inset(${sides.join(" ")})`;
  size.value = Math.round(100 * board.patch.side);
  size.setAttribute("aria-valuetext", `${size.value} per cent of the shorter side`);
}

function showMap() {
  const found = props.spots && props.spots.key === board.key ? props.spots.spots : [];
  const on = board.mapped && !board.hidden && board.photo;
  $(".legend").hidden = !on;
  canvas.hidden = !on;
  if (!on) return;
  canvas.width = board.photo.width;
  canvas.height = board.photo.height;
  const pen = canvas.getContext("2d"), short = Math.min(canvas.width, canvas.height);
  const most = Math.max(0.2, ...found.map((spot) => Math.abs(spot.score)));
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const spot of found) {
    const share = Math.min(1, Math.abs(spot.score) / most), side = 0.42 * spot.side * short;
    const x = spot.x * canvas.width, y = spot.y * canvas.height, color = spot.score > 0 ? ORANGE : BLUE;
    pen.fillStyle = `rgb(${color.map((part) => Math.round(255 + (part - 255) * share)).join(" ")} / 0.85)`;
    pen.fillRect(x - side / 2, y - side / 2, side, side);
    pen.fillStyle = spot.score <= 0 && share > 0.6 ? "#fff" : "#000";
    pen.font = `600 ${0.8 * side}px system-ui, sans-serif`;
    pen.fillText(spot.score > 0 ? "+" : "−", x, y);
  }
}

function guessOf(title, src, truth) {
  const face = make("span", { className: "face" });
  if (truth && board.hidden) face.append(make("em", { textContent: "Guess first" }));
  else face.append(make("img", { src, alt: `${title}: patch and context` }), make("i"));
  const save = make("a", { className: "save", href: src, download: `${board.key}-${title.toLowerCase().replaceAll(" ", "-")}.jpg`, textContent: "Save" });
  const about = make("figcaption", {}, make("b", { textContent: title }));
  if (!(truth && board.hidden)) about.append(save);
  return make("figure", {}, face, about);
}
function verdict(row) {
  if (row.consistency === null) return "";
  return `consistency ${signed(row.consistency)}${row.consistency > 0 ? "" : ", discarded"}`;
}
function showAnswer(scene) {
  board.shown = scene;
  const titles = { small: "Small", pruned: "Pruned", large: "Large" };
  const guesses = scene.rows.map((row) => guessOf(titles[row.name], row.foretold));
  $(".told").hidden = $(".unit").hidden = false;
  $(".guesses").replaceChildren(...guesses, guessOf("The truth", scene.truth, true));
  $(".rows").replaceChildren(...scene.rows.map((row) => {
    const note = row.name === "pruned" ? `${row.tiles.length} of the ${scene.candidates} nearest small ones` : row.note;
    const head = make("header", {}, make("h3", { textContent: row.title }), make("small", { textContent: note }), make("output", { textContent: verdict(row) }));
    const tiles = make("div", { className: "tiles" }, ...row.tiles.map((tile) => tileOf(tile, `${row.title}, `)));
    return make("section", { className: row.name }, head, tiles);
  }));
}

function say(scene) {
  $(".message").hidden = !scene.message;
  $(".message").textContent = scene.message || "";
  stateLine.textContent = scene.problem || scene.working || scene.note || "";
  stateLine.classList.toggle("problem", Boolean(scene.problem));
  bar.hidden = scene.share === undefined;
  bar.value = scene.share || 0;
}
