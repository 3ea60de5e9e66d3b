// The chosen photo: what each network makes of it, and which modes that shows. In the tables a dot stands where it shows one.
async function showPhoto() {
  const photo = state.photo;
  state.mine.clear();
  drawTables();
  drawPhoto();
  const order = [modelOf(state.model), ...state.models.filter((model) => model.name !== state.model)];
  for (const model of order) {
    const answer = await ask("photo", "failure_photo", { model: model.name, photo });
    if (!answer || state.photo !== photo) return;
    const scores = answer.error ? {} : Object.assign({}, ...Object.values(answer.tasks).map((task) => task.modes));
    state.mine.set(model.name, { ...answer, scores });
    drawTables();
    if (model.name === state.model) drawPhoto();
  }
  root.dataset.photo = `${photo} ready`;
}
function drawPhoto() {
  const mode = modeOf(state.mode), model = modelOf(state.model), mine = state.mine.get(model.name);
  const box = part(".mine"), verdict = part(".verdict"), bars = part(".bars");
  root.dataset.photo = mine ? root.dataset.photo || "" : "";
  box.classList.toggle("waiting", !mine);
  if (!mine) {
    const thumb = link.thumb(state.photo);
    if (thumb) box.replaceChildren(make("span", { className: "picture" }, faces({ src: thumb }, "The chosen photo")));
    verdict.textContent = `${model.called} is looking at it.`;
    bars.replaceChildren();
    return;
  }
  if (mine.error) {
    box.replaceChildren();
    bars.replaceChildren();
    return Object.assign(verdict, { textContent: mine.error });
  }
  const task = mine.tasks[mode.task], found = task.modes[mode.id], picture = make("button", { type: "button", className: "picture", disabled: !model.home });
  picture.append(faces({ src: task.src, truth: mine.truth, map: found && found.map }, `${mine.name}, by ${model.called}`));
  if (model.home) {
    picture.append(make("span", { className: "go", textContent: `Open in ${model.home.title}` }));
    picture.setAttribute("aria-label", `Open ${mine.name} in the tab ${model.home.title}`);
    picture.addEventListener("click", () => openIn(model.home, mine.photo, task.mask));
  }
  const caption = make("figcaption", {}, make("b", { textContent: found ? inShort(found.score, mode) : "not judged" }), make("span", { textContent: `${mode.title}, ${model.title}` }));
  box.replaceChildren(picture, caption);
  const judged = state.modes.filter((one) => one.task === mode.task && task.modes[one.id]), shown = judged.filter((one) => task.modes[one.id].over);
  const rest = mine.grey ? " It has no colours of its own, so only some modes can be judged." : "";
  verdict.textContent = (shown.length ? `Shows ${shown.length} of ${judged.length} modes.` : `Shows none of ${judged.length} modes.`) + rest;
  bars.replaceChildren(...judged.map((one) => drawBar(one, task.modes[one.id])));
}
// Three thresholds long; the line in it is the threshold.
function drawBar(mode, { score, over }) {
  const bar = make("button", { type: "button", className: over ? "bar over" : "bar" }, make("span", { textContent: mode.title }), make("i", {}), make("b", { textContent: inShort(score, mode) }));
  bar.style.setProperty("--length", `${Math.min(100, (100 * score) / (3 * mode.threshold)).toFixed(1)}%`);
  bar.setAttribute("aria-pressed", String(mode.id === state.mode));
  bar.setAttribute("aria-label", `${mode.title}: ${digits(score)} ${mode.unit}, ${over ? "over" : "under"} the threshold of ${mode.threshold}`);
  bar.dataset.mode = mode.id;
  bar.addEventListener("click", () => { choose(mode.id, state.model); part(`.bars [data-mode=${mode.id}]`)?.focus(); });
  return bar;
}
