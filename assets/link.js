// The link is the state: what a person set stands in the query string, so that every picture can be sent as a link.
window.lab = (() => {
  const query = () => new URLSearchParams(window.location.search);
  const state = { photo: null, tab: null };
  const listeners = [];

  function set(values) {
    const next = query();
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined || value === "") next.delete(name);
      else next.set(name, String(value));
    }
    const text = next.toString();
    window.history.replaceState(null, "", window.location.pathname + (text ? "?" + text : "") + window.location.hash);
  }

  function changed() {
    if (state.photo && state.tab) listeners.forEach((listener) => listener(state.tab, state.photo));
  }

  return {
    set,
    get: (name) => query().get(name),
    all: () => Object.fromEntries(query()),
    // Called by the strip and by the tab bar; tabs themselves need get, set, open and the listeners only.
    choose(photo) {
      if (photo === state.photo) return;
      state.photo = photo;
      changed();
    },
    opened(tab) {
      if (tab === state.tab) return;
      state.tab = tab;
      set({ tab });
      changed();
    },
    open(tab) {
      const button = document.getElementById("tab-" + tab + "-button");
      if (button) button.click();
      window.scrollTo({ top: 0 });
    },
    onShow(listener) {
      listeners.push(listener);
      if (state.photo && state.tab) listener(state.tab, state.photo);
    },
    get photo() { return state.photo; },
    get tab() { return state.tab; },
  };
})();
