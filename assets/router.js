// Tells Python which tab is open with which photograph, and only then: one event per tab, named show_<tab>.
const tabs = props.tabs;
const PATIENCE = [2000, 4000, 8000, 16000]; // ms until it is said again, when nobody answers
let said = 0;
function say(tab, tries) {
  const number = ++said;
  props.value = `${tab} ${number}`;
  setTimeout(() => trigger("show_" + tab), 0);
  const heard = (event) => {
    if (event.detail === `${tab} ${number}`) done();
  };
  const again = setTimeout(() => {
    done();
    if (number === said && tries < PATIENCE.length - 1) say(tab, tries + 1);
  }, PATIENCE[tries]);
  function done() {
    clearTimeout(again);
    document.removeEventListener("lab:heard", heard);
  }
  document.addEventListener("lab:heard", heard);
}
window.lab.onShow((tab) => say(tab, 0));
const first = tabs.includes(window.lab.wanted) ? window.lab.wanted : tabs[0];
window.lab.open(first);
if (first === tabs[0]) window.lab.opened(first); // it is open already, and Gradio need not say so
