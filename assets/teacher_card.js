const card = element.querySelector(".card");
function add(parent, tag, name, text) {
  const node = document.createElement(tag);
  node.className = name;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}
function draw() {
  const value = props.value || {};
  card.replaceChildren();
  add(card, "h3", "card-name", value.name);
  if (value.error) add(card, "p", "problem", value.error);
  if (value.asked) add(card, "p", "card-asked", value.asked);
  const row = add(card, "div", "card-figures", "");
  for (const { caption, src } of value.figures || []) {
    const figure = add(row, "figure", "", "");
    const picture = add(figure, "img", "", "");
    picture.src = src;
    picture.alt = caption;
    add(figure, "figcaption", "", caption);
  }
  if (value.paper) add(card, "p", "card-paper", value.paper);
}
watch("value", draw);
draw();
