// Pictures behind words: those of the bank that fit one, and the photograph of the strip, lit where a word's score comes from.
const canvas = part(".photo canvas"), pen = canvas.getContext("2d");
const shown = { photo: null, image: null, word: null };
let lookTimer = 0, halted = false;

async function askPictures(more) {
  clearTimeout(lookTimer);
  const answer = await ask("pictures", "words_pictures", { word: state.pictured, ...more, start: more.start && !halted });
  if (!answer) return;
  const box = part(".looking"), line = box.querySelector("p"), progress = box.querySelector("progress"), button = box.querySelector("button");
  if (answer.pictures) {
    box.hidden = true;
    showPictures(answer);
    return;
  }
  box.hidden = Boolean(answer.problems);
  if (answer.problems) return;
  part(".pictures").replaceChildren();
  progress.hidden = !answer.running;
  button.hidden = Boolean(answer.error) && !answer.running;
  button.textContent = answer.running ? "Stop" : "Go on";
  if (answer.error) line.textContent = answer.error;
  else if (answer.running) {
    line.textContent = answer.total ? `Looking through the bank, ${answer.done.toLocaleString("en")} of ${answer.total.toLocaleString("en")} pictures` : "Opening the bank";
    progress.value = answer.total ? answer.done / answer.total : 0;
    if (link.tab === TAB) lookTimer = setTimeout(() => askPictures({}), 300); // else when the tab is opened again
  } else line.textContent = `Stopped after ${answer.done.toLocaleString("en")} of ${answer.total.toLocaleString("en")} pictures. What was computed stays.`;
}
part('[data-do="look"]').addEventListener("click", (event) => {
  halted = event.target.textContent === "Stop";
  askPictures(halted ? { stop: true } : { start: true });
});
function showPictures({ word, pictures, bank }) {
  part(".pictures").replaceChildren(...pictures.map(({ src, photo, name, percent }) => {
    const button = make("button", { type: "button", title: `${name}: take this photo` }, make("img", { src, alt: `${name}, chosen for “${word}”` }), make("span", { textContent: `${percent < 1 ? percent.toFixed(2) : percent.toFixed(1)} %` }));
    button.addEventListener("click", () => takePhoto(photo));
    return button;
  }));
  part(".pictures").title = `Of ${bank}. The figure is the share of the word among all words that the network expects under the picture.`;
}
function takePhoto(key) {
  document.dispatchEvent(new CustomEvent("lab:choose", { detail: key }));
  part(".photo").scrollIntoView({ block: "nearest" });
}

// ---- the photograph ----
function showPhoto(answer) {
  part(".photo").classList.remove("waiting");
  say(".photo-message", answer.error);
  part(".photo-body").hidden = Boolean(answer.error);
  if (answer.error) return;
  const before = shown.photo;
  shown.photo = answer;
  const image = new Image();
  image.addEventListener("load", () => { if (shown.photo === answer) { shown.image = image; paintPhoto(); } });
  image.src = answer.src;
  if (!before || before.photo !== answer.photo) shown.word = null;
  showPhotoWords();
}
function showPhotoWords() {
  for (const button of parts("[data-order]")) button.setAttribute("aria-pressed", String(button.dataset.order === state.order));
  const places = shown.photo ? shown.photo[state.order] : [];
  part(".photo-words").replaceChildren(photoHeads(), ...places.map((at) => photoWord(shown.photo.words[at], at)));
}
part(".photo .group").addEventListener("click", (event) => {
  if (!event.target.dataset.order) return;
  state.order = event.target.dataset.order;
  writeLink();
  showPhotoWords();
});
function photoHeads() {
  return make("li", { className: "heads" }, make("span", { textContent: "share of words" }), make("small", { textContent: "of usual" }));
}
function photoWord(one, at) {
  const button = make("button", { type: "button", title: "Hover: where its score comes from. Click: look at the word" },
    make("span", { className: "name", textContent: one.word }), bar(one.percent / Math.max(...shown.photo.words.map(({ percent }) => percent))), make("b", { textContent: `${one.percent.toFixed(1)} %` }), make("small", { textContent: `${one.times.toFixed(1)} ×`, title: "How much likelier than it is usually written" }));
  const light = (word) => { shown.word = word; paintPhoto(); };
  button.addEventListener("pointerenter", () => light(at));
  button.addEventListener("pointerleave", () => light(null));
  button.addEventListener("focus", () => light(at));
  button.addEventListener("blur", () => light(null));
  button.addEventListener("click", () => choose(one.word));
  return make("li", {}, button);
}
function paintPhoto() {
  const { photo, image, word } = shown;
  if (!photo || !image) return;
  [canvas.width, canvas.height] = photo.size;
  canvas.style.aspectRatio = `${photo.size[0]} / ${photo.size[1]}`;
  pen.drawImage(image, 0, 0, ...photo.size);
  const caption = part(".photo figcaption"), one = word === null ? null : photo.words[word];
  canvas.dataset.lit = one ? one.word : "";
  caption.textContent = one ? `Lit where the score of “${one.word}” comes from (${photo.grid.join(" × ")} places, enlarged)` : photo.name;
  if (!one) return;
  const [width, height] = photo.grid, dark = make("canvas", { width, height }), ink = dark.getContext("2d"), veil = ink.createImageData(width, height);
  one.map.forEach((share, i) => { veil.data[4 * i + 3] = Math.round(200 * (1 - share)); });
  ink.putImageData(veil, 0, 0);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(dark, 0, 0, ...photo.size);
}

// ---- start ----
readLink();
fillFields();
link.onShow((tab, photo) => {
  if (tab !== TAB) { clearTimeout(lookTimer); return; }
  const changed = state.photo !== photo;
  state.photo = photo;
  writeLink();
  if (!state.ready) { start(); return; }
  if (changed) askPhoto();
  if (!part(".looking").hidden) askPictures({ start: true });
});
