// The panels below the patches: where the response comes from, the photo of the strip, and the synthetic picture.
const pictures = new Map();
async function pictureOf(src) {
  if (!pictures.has(src)) {
    if (pictures.size > 60) pictures.delete(pictures.keys().next().value);
    const image = new Image();
    image.src = src;
    pictures.set(src, image.decode().then(() => image, () => null));
  }
  return pictures.get(src);
}
function frameOf(figure, image, longest = 640) {
  const canvas = figure.querySelector("canvas"), scale = longest / Math.max(image.naturalWidth, image.naturalHeight);
  Object.assign(canvas, { width: Math.round(image.naturalWidth * scale), height: Math.round(image.naturalHeight * scale) });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return pen;
}

// ---- theoretical and effective receptive field ----
let measuring = Promise.resolve();
async function showField(patch) {
  const figure = part("[data-panel=field]"), caption = figure.querySelector("figcaption");
  state.picked = patch || null;
  parts(".mine .patch").forEach((one) => one.setAttribute("aria-pressed", String(Boolean(patch) && one.dataset.picture === String(patch.picture))));
  const name = (...told) => figure.querySelector("canvas").setAttribute("aria-label", ["Receptive field", ...told].join(". "));
  if (!patch) { caption.textContent = ""; return name(); }
  const { model, stage, unit } = state;
  const image = await pictureOf(patch.view);
  if (state.picked !== patch || !image) return;
  const draw = (effective) => drawField(figure, image, patch.field, effective);
  draw(null);
  const opener = make("button", { type: "button", className: "opener", textContent: "Choose its photo" }), dashed = (text) => legend("dashed", text);
  opener.addEventListener("click", () => document.dispatchEvent(new CustomEvent("lab:choose", { detail: patch.photo })));
  const tell = (told) => {
    const theoretical = legend("solid", `Theoretical, from the layers: ${state.page.reach} x ${state.page.reach} px`);
    caption.replaceChildren(theoretical, told, ...(patch.photo === state.photo ? [] : [opener]));
    name(theoretical.textContent, told.textContent);
  };
  tell(dashed("Effective, by occlusion: looking"));
  figure.classList.add("waiting");
  // A hand that goes on to the next unit must not wait behind 256 passes: one map at a time, and only where the hand rests.
  await new Promise((done) => setTimeout(done, 300));
  await measuring;
  if (state.picked !== patch) return;
  measuring = askOnce("field", "neuron_field", { model, stage, unit, picture: patch.picture, photo: state.wall.indexed ? null : state.wall.photo, at: patch.at });
  const found = await measuring;
  if (!found || state.picked !== patch) return;
  figure.classList.remove("waiting");
  if (found.error) return tell(make("span", { textContent: found.error }));
  const here = String(found.at) === String(patch.at);
  if (here) draw(found);
  tell(dashed(here ? found.told : "Effective: measured where the unit fires most, the first patch"));
  root.dataset.field = [model, stage, unit, patch.picture].join(" ");
}
const legend = (kind, text) => make("span", { className: "legend" }, make("i", { className: kind }), text);

function drawField(figure, image, [left, top, width, height], effective) {
  const pen = frameOf(figure, image), { width: W, height: H } = pen.canvas, box = [left * W, top * H, width * W, height * H];
  pen.fillStyle = "rgb(0 0 0 / 0.62)";
  const shade = new Path2D();
  shade.rect(0, 0, W, H);
  shade.rect(...box);
  pen.fill(shade, "evenodd");
  if (effective) outline(pen, effective, W, H);
  const inside = [Math.max(box[0], 3), Math.max(box[1], 3), Math.min(box[0] + box[2], W - 3), Math.min(box[1] + box[3], H - 3)];
  for (const [color, line] of [["#000", 8], ["#fff", 4]]) {
    Object.assign(pen, { strokeStyle: color, lineWidth: line });
    pen.setLineDash([]);
    pen.strokeRect(inside[0], inside[1], inside[2] - inside[0], inside[3] - inside[1]);
  }
}
// The rim of the places that matter: grid cells where hiding the picture takes away at least the share that Python tells.
function outline(pen, { rows, columns, mask }, W, H) {
  const at = (y, x) => y >= 0 && x >= 0 && y < rows && x < columns && mask[y * columns + x] === "1", rim = new Path2D(), [w, h] = [W / columns, H / rows];
  const edge = (x, y, toX, toY) => { rim.moveTo(x * w, y * h); rim.lineTo(toX * w, toY * h); };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!at(y, x)) continue;
      if (!at(y - 1, x)) edge(x, y, x + 1, y);
      if (!at(y + 1, x)) edge(x, y + 1, x + 1, y + 1);
      if (!at(y, x - 1)) edge(x, y, x, y + 1);
      if (!at(y, x + 1)) edge(x + 1, y, x + 1, y + 1);
    }
  }
  pen.lineCap = "square";
  for (const [color, line, dash] of [["#000", 9, []], ["#e69f00", 6, [12, 10]]]) {
    Object.assign(pen, { strokeStyle: color, lineWidth: line });
    pen.setLineDash(dash);
    pen.stroke(rim);
  }
}

// ---- the photo of the strip: where the unit fires on it, and who fires most ----
async function showPhoto() {
  const figure = part("[data-panel=photo]"), caption = figure.querySelector("figcaption"), { model, stage, unit, photo } = state;
  const found = await askOnce("photo", "neuron_photo", { model, stage, unit, photo, indexed: state.wall.indexed });
  if (!found) return;
  caption.textContent = found.error || found.told;
  if (found.error) { // or it would stand below the photo before
    Object.assign(figure.querySelector("canvas"), { width: 4, height: 4 });
    return figure.querySelector(".loudest").replaceChildren();
  }
  const image = await pictureOf(found.src);
  if (!image || state.unit !== unit || state.photo !== photo) return;
  const pen = frameOf(figure, image);
  spotlight(pen, found);
  figure.querySelector("canvas").setAttribute("aria-label", `Where unit ${unit} fires on this photo. ${found.told}`);
  figure.querySelector(".loudest").replaceChildren(...found.loudest.map((one) => chip(one)));
  const missing = !state.wall.values.photo;
  state.wall.values.photo = found.scores;
  if (state.sort === "photo") { arrange(false); markTile(); } else if (missing) part("[data-sort=photo]").disabled = false;
  root.dataset.photo = [model, stage, unit, photo].join(" ");
}
// The photo stays light where the unit fires; a unit that hardly fires leaves it dark.
function spotlight(pen, { rows, columns, map }) {
  const small = new OffscreenCanvas(columns, rows), { width, height } = pen.canvas, bytes = Uint8Array.from(atob(map), (one) => one.charCodeAt(0));
  const pixels = new ImageData(columns, rows);
  bytes.forEach((value, i) => { pixels.data[4 * i + 3] = Math.round(0.74 * (255 - value)); });
  small.getContext("2d").putImageData(pixels, 0, 0);
  pen.drawImage(small, 0, 0, width, height);
}
function chip(one) {
  const button = make("button", { type: "button", className: "chip", title: `Unit ${one.unit}: ${digits(one.value)} on this photo` }, make("span", { textContent: one.unit }));
  button.setAttribute("aria-label", button.title);
  button.setAttribute("aria-pressed", String(one.unit === state.unit));
  placeTile(button, state.wall.sheet, one.unit);
  button.addEventListener("click", () => choose(one.unit));
  return button;
}

// ---- saving ----
async function savePart(button) {
  const figure = button.closest("figure"), box = button.closest(".unit"), { model, stage, unit } = state;
  const canvas = figure ? figure.querySelector("canvas") : await (box ? sheetOf(box) : wallPicture());
  const named = figure ? figure.dataset.panel : !box ? "wall" : box === theirs ? "nearest" : "patches";
  const blob = await new Promise((done) => canvas.toBlob(done));
  window.lab.save(blob, `${model}-${stage}-${box || figure ? `unit${unit}-` : ""}${named}.png`);
}
// The wall as it is sorted.
async function wallPicture() {
  const { wall } = state, image = await pictureOf((state.filters && wall.filters) || wall.sheet), side = image.naturalWidth / wall.columns, step = side + 4;
  const canvas = make("canvas", { width: wall.columns * step, height: Math.ceil(wall.count / wall.columns) * step }), pen = canvas.getContext("2d");
  order().forEach((unit, place) => {
    const from = [(unit % wall.columns) * side, Math.floor(unit / wall.columns) * side];
    pen.drawImage(image, ...from, side, side, (place % wall.columns) * step, Math.floor(place / wall.columns) * step, side, side);
  });
  return canvas;
}
// All patches of a unit on one picture, shaded as on the page, with their activations.
async function sheetOf(box) {
  const all = (box.classList.contains("theirs") ? state.other : state.page).patches, side = 192, gap = 12, foot = 26, columns = Math.min(all.length, 5);
  const canvas = make("canvas", { width: columns * (side + gap) + gap, height: Math.ceil(all.length / columns) * (side + foot + gap) + gap }), pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  for (const [rank, one] of all.entries()) {
    const x = gap + (rank % columns) * (side + gap), y = gap + Math.floor(rank / columns) * (side + foot + gap), image = await pictureOf(one.src);
    pen.imageSmoothingEnabled = !one.crisp;
    if (image) pen.drawImage(image, x, y, side, side);
    const shade = new Path2D(), [left, top, width, height] = one.lit;
    shade.rect(x, y, side, side);
    shade.rect(x + left * side, y + top * side, width * side, height * side);
    pen.fillStyle = "rgb(0 0 0 / 0.62)";
    pen.fill(shade, "evenodd");
    pen.fillStyle = "#1b1b1a";
    pen.font = "16px system-ui, sans-serif";
    pen.fillText(`${digits(one.value)}  ${one.name}`, x, y + side + 18, side);
  }
  return canvas;
}
