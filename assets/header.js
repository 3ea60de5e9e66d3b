// The tab bar and the two switches. Gradio's own tab buttons are there, unseen; these press them.
const bar = element.querySelector(".lab-tabs");
const tabs = [...bar.children];
tabs.forEach((tab) => tab.addEventListener("click", () => window.lab.open(tab.dataset.tab)));
window.lab.onShow((open) => {
  for (const tab of tabs) {
    const chosen = tab.dataset.tab === open;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});
bar.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
});

const buttons = [...element.querySelectorAll("[data-switch]")];
function press(name, on) {
  window.lab.look(name, on);
  for (const button of buttons) button.setAttribute("aria-pressed", String(window.lab.looks(button.dataset.switch)));
}
for (const button of buttons) {
  const name = button.dataset.switch;
  button.addEventListener("click", () => press(name, !window.lab.looks(name)));
  press(name, window.lab.looks(name));
}

// For the presenter: digits open tabs (0 the tenth), S and D switch the look; never while something is being typed.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || window.lab.typing(event)) return;
  const name = { s: "stage", d: "dark" }[event.key.toLowerCase()];
  if (name) press(name, !window.lab.looks(name));
  else if (/^[0-9]$/.test(event.key)) tabs[(Number(event.key) + 9) % 10]?.click();
});
