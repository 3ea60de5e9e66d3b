// Tells Python which tab is open with which photograph, and only then: one event per tab, named show_<tab>.
const tabs = props.tabs;
const wanted = window.lab.get("tab");
window.lab.onShow((tab) => {
  props.value = tab;
  setTimeout(() => trigger("show_" + tab), 0);
});
if (tabs.includes(wanted) && wanted !== tabs[0]) window.lab.open(wanted);
else window.lab.opened(tabs[0]);
