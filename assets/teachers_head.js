// Hide the truth until the class has guessed; the choice stands in the link.
const button = element.querySelector("[data-truth]");
function hide(on) {
  document.documentElement.classList.toggle("truth-hidden", on);
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "Show the truth" : "Hide the truth";
}
button.addEventListener("click", () => {
  const on = button.getAttribute("aria-pressed") !== "true";
  hide(on);
  window.lab.set({ truth: on ? "hidden" : null });
});
hide(window.lab.get("truth") === "hidden");
