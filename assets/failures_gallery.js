// The gallery: the pictures on which the chosen network fails most in the chosen way, worst first.
async function showGallery() {
  const { mode, model } = state, box = part(".gallery"), none = part(".none");
  root.dataset.gallery = "";
  if (!modelOf(model).cells) {
    forget("gallery");
    box.replaceChildren();
    return Object.assign(none, { hidden: false, textContent: "The gallery is here as soon as this network has judged the bank." });
  }
  none.hidden = true;
  box.classList.add("waiting");
  for (let start = 0, total = 1; start < total;) {
    const answer = await ask("gallery", "failure_tiles", { model, mode, start });
    if (!answer) return;
    box.classList.remove("waiting");
    if (answer.error || answer.waiting) {
      box.replaceChildren();
      return Object.assign(none, { hidden: false, textContent: answer.error || "The bank is not judged yet." });
    }
    if (start === 0) box.replaceChildren();
    total = answer.total;
    answer.tiles.forEach((tile) => box.append(drawTile(tile)));
    for (let waiting = box.querySelectorAll(".tile").length; start === 0 && waiting < total; waiting += 1) box.append(make("span", { className: "tile to-come" }));
    box.append(...box.querySelectorAll(".to-come"));
    [...box.querySelectorAll(".to-come")].slice(total - box.querySelectorAll(".tile:not(.to-come)").length).forEach((one) => one.remove());
    start += Math.max(answer.tiles.length, 1);
  }
  none.hidden = box.children.length > 0;
  none.textContent = `No picture of the bank shows this: every score is 0.`;
  root.dataset.gallery = `${model} ${mode} ready`;
}
function drawTile(tile) {
  const mode = modeOf(state.mode), model = modelOf(state.model), { home } = model, score = inShort(tile.score, mode), over = tile.score >= mode.threshold;
  const picture = make("button", { type: "button", className: "picture", disabled: !home });
  const told = `${tile.name}: ${score}${over ? "" : ", under the threshold"}`;
  picture.append(faces(tile, told));
  if (home) {
    picture.append(make("span", { className: "go", textContent: `Open in ${home.title}` }));
    picture.setAttribute("aria-label", `${told}. Open it in the tab ${home.title}`);
    picture.addEventListener("click", () => openIn(home, tile.photo, tile.mask));
  }
  const save = make("a", { className: "save", href: tile.src, textContent: "Save", download: `${state.mode}-${state.model}-${tile.name}-${tile.position}.jpg`.toLowerCase().replace(/[^a-z0-9.]+/g, "-") });
  save.setAttribute("aria-label", `Save what was made of ${tile.name}`);
  const caption = make("figcaption", {}, make("b", { textContent: score }), make("span", { textContent: tile.name, title: tile.name }), save);
  const figure = make("figure", { className: over ? "tile over" : "tile" }, picture, caption);
  Object.assign(figure.dataset, { photo: tile.photo, mask: tile.mask, score: tile.score });
  return figure;
}
