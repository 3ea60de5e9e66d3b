// One model's card. Everything from Python goes in as text or as a picture's address, never as markup.
const card = element.querySelector(".card");
const panels = ["what it sees", "what it paints", "the truth"];

function add(parent, tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

function figure(parent, caption, src) {
  const whole = add(parent, "figure");
  const mat = add(whole, "div", caption === "the truth" ? "mat truth" : "mat");
  if (src) {
    const picture = add(mat, "img");
    picture.src = src;
    picture.alt = caption;
  }
  const below = add(whole, "figcaption");
  add(below, "span", "", caption);
  if (!src) return;
  const save = add(below, "a", "card-save", "Save");
  save.href = src;
  save.download = [window.lab.photo, props.value.method, props.value.title, caption].join(" ").toLowerCase().replace(/[^a-z0-9]+/g, "-") + ".jpg";
  save.setAttribute("aria-label", "Save " + caption + " of " + props.value.method + ", " + props.value.title);
}

function draw() {
  const value = props.value || {};
  const figures = value.figures || panels.map((caption) => ({ caption }));
  card.replaceChildren();
  card.classList.toggle("waiting", value.photo !== window.lab.photo);
  const head = add(card, "header", "card-head");
  add(head, "p", "card-method", value.method);
  add(head, "h3", "", value.title);
  if (value.error) add(head, "p", "problem", value.error);
  else add(head, "p", "card-asked", value.asked || "\u00a0");
  if (value.error) return;
  const row = add(card, "div", "card-figures");
  figures.forEach(({ caption, src }) => figure(row, caption, src));
  const foot = add(card, "footer", "card-foot");
  if (value.figure) add(foot, "p", "card-figure", value.figure);
  for (const line of [value.paper, value.trained]) if (line) add(foot, "p", "card-paper", line);
  if (!props.opens) return;
  const go = add(foot, "button", "card-go", "Try it in \u201c" + props.opens.title + "\u201d");
  go.type = "button";
  go.addEventListener("click", () => window.lab.open(props.opens.id));
}

card.addEventListener("click", (event) => {
  if (props.opens && event.target.closest(".mat")) window.lab.open(props.opens.id);
});
card.classList.toggle("opens", Boolean(props.opens));
// Before the first answer, the photo itself stands dimmed where its pictures will be.
function foreshadow() {
  const src = window.lab.thumb(window.lab.photo);
  if (!src || (props.value && (props.value.figures || props.value.error))) return;
  for (const mat of card.querySelectorAll(".mat")) {
    const picture = mat.querySelector("img") || add(mat, "img");
    picture.alt = "";
    picture.src = src;
  }
}
document.addEventListener("lab:thumb", foreshadow);

// The pictures of the last photograph stay, dimmed, until those of the new one are there.
window.lab.onShow((tab, photo) => {
  if (tab === props.tab) card.classList.toggle("waiting", (props.value || {}).photo !== photo);
  foreshadow();
});
watch("value", draw);
draw();
foreshadow();
