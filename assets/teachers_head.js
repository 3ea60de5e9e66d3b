// Hide the truth until the class has guessed; the choice stands in the link.
const button = element.querySelector("[data-truth]");
function hide(on) {
  document.documentElement.classList.toggle("truth-hidden", on);
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "Show the truth" : "Hide the truth";
}
button.addEventListener("click", () => window.lab.hideTruth(button.getAttribute("aria-pressed") !== "true"));
window.lab.onTruth(hide);
