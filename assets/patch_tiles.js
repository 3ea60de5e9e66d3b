// A patch of the bank with its context, its score, and the way to its photograph. Names go in as text, never as markup.
const $ = (selector) => element.querySelector(selector);
const { make } = window.lab;
const signed = (number) => (number < 0 ? "−" : "+") + Math.abs(number).toFixed(2);

// Go to the photograph of a tile, and to the patch in it where that is known.
function goTo(tile) {
  if (tile.patch) window.lab.set({ patch: `${tile.patch}@${tile.key}` });
  document.dispatchEvent(new CustomEvent("lab:patch", { detail: tile.patch ? `${tile.patch}@${tile.key}` : "" }));
  if (tile.key !== window.lab.photo) document.dispatchEvent(new CustomEvent("lab:choose", { detail: tile.key }));
  document.querySelector(".patch-board")?.scrollIntoView({ block: "nearest" });
}

// The windows of patch and context are three patches wide; the middle one is marked.
function tileOf(tile, called = "") {
  const face = make("span", { className: "face" }, make("img", { src: tile.src, alt: "" }), make("i"));
  const score = make("b", { textContent: signed(tile.score) });
  const name = (tile.name || "").split("/").pop();
  const told = `${called}${name}: ${signed(tile.score)} nats per cell${tile.pruned ? ", pruned" : ""}`;
  const shell = make(tile.key ? "button" : "span", { className: "tile", title: tile.key ? `${told}. Click: put the patch there` : told }, face, score);
  shell.classList.toggle("pruned", Boolean(tile.pruned));
  shell.classList.toggle("poor", tile.score <= 0);
  if (tile.key) {
    shell.type = "button";
    shell.setAttribute("aria-label", told);
    shell.addEventListener("click", () => goTo(tile));
  }
  return shell;
}
