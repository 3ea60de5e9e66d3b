// The link is the state: what a person set stands in the query string, so that every picture can be sent as a link.
window.lab = (() => {
  const query = () => new URLSearchParams(window.location.search);
  // The tab is read before anything else: while the page is mounted Gradio may report its first tab before the router has run.
  const state = { photo: null, tab: null, wanted: query().get("tab") };
  let written = window.location.search;
  const listeners = [];
  const thumbs = new Map();

  function write(text, page = "replaceState") {
    written = text;
    window.history[page](null, "", window.location.pathname + text + window.location.hash);
  }
  function set(values, page) {
    const next = query();
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined || value === "") next.delete(name);
      else next.set(name, String(value));
    }
    const text = next.toString();
    write(text ? "?" + text : "", page);
  }
  // Back and forward go from tab to tab; whatever else was set since stays as it is shown.
  window.addEventListener("popstate", () => {
    const tab = query().get("tab");
    write(written);
    if (!tab || tab === state.tab) return;
    set({ tab });
    window.lab.open(tab);
  });

  function changed() {
    if (state.photo && state.tab) listeners.forEach((listener) => listener(state.tab, state.photo));
  }

  const button = (tab) => document.getElementById("tab-" + tab + "-button");
  const unselected = (tab) => button(tab)?.getAttribute("aria-selected") === "false";

  // Presses Gradio's own tab button until the tab is open: while the page is being mounted the button is not there yet, or deaf.
  function press(tab, tries) {
    if (tab !== state.wanted) return;
    if (tab === state.tab && !unselected(tab)) window.scrollTo({ top: 0 });
    else {
      button(tab)?.click();
      if (tries > 0) setTimeout(press, 50, tab, tries - 1);
    }
  }

  // Should Gradio go to its first tab without a word, while it mounts its tabs, the page does not stay there.
  setInterval(() => {
    if (state.wanted && state.wanted === state.tab && unselected(state.tab)) press(state.tab, 0);
  }, 500);

  // Dark surroundings are Gradio's own class on the body and its own word in the link.
  const looks = (name) => (name === "dark" ? document.body.classList.contains("dark") : name in document.documentElement.dataset);
  function look(name, on) {
    if (on === looks(name)) return;
    if (name === "dark") {
      document.body.classList.toggle("dark", on);
      set({ __theme: on ? "dark" : "light" });
    } else {
      document.documentElement.toggleAttribute("data-" + name, on);
      set({ [name]: on ? "on" : null });
    }
    window.dispatchEvent(new Event("resize"));
  }
  if (query().get("stage") === "on") document.documentElement.toggleAttribute("data-stage", true);

  // One switch hides the truth in every tab, until the class has guessed.
  const truthHidden = () => query().get("truth") === "hidden";
  function hideTruth(on) {
    set({ truth: on ? "hidden" : null });
    document.dispatchEvent(new Event("lab:truth"));
  }
  function onTruth(listener) {
    document.addEventListener("lab:truth", () => listener(truthHidden()));
    listener(truthHidden());
  }

  // Who this visitor is to the races and to long work: kept as long as the browser's tab, so that a reload finds them again.
  const visitor = (() => {
    const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (one) => (one % 36).toString(36)).join("");
    try {
      if (!sessionStorage.getItem("lab-visitor")) sessionStorage.setItem("lab-visitor", made);
      return sessionStorage.getItem("lab-visitor");
    } catch {
      return made;
    }
  })();

  // Asks Python for a tab: of several answers on their way to one place only the last one asked for counts, the others are null.
  function asker(server) {
    const asked = new Map();
    const forget = (place) => asked.set(place, (asked.get(place) || 0) + 1);
    async function ask(place, name, query) {
      forget(place);
      const number = asked.get(place);
      let answer;
      try {
        answer = await server[name]({ visitor, ...query });
      } catch {
        answer = { error: "The lab does not answer. Look whether it still runs, then open this tab again." };
      }
      return asked.get(place) === number ? answer : null;
    }
    return { ask, forget };
  }

  // A figure as it stands on the page: three digits, and no more places than that; what rounds to 0.000 is 0.
  function digits(value) {
    if (!Number.isFinite(value)) return "–";
    return Math.abs(value) < 0.0005 ? "0" : Math.abs(value) >= 99.95 ? value.toFixed(0) : value.toPrecision(3);
  }

  // Whether a key goes into a field, and so means nothing else. A slider or a box to tick takes no letters.
  const FIELDS = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select, [contenteditable]";
  const typing = (event) => Boolean(event.target.closest(FIELDS));

  // An element with its properties and what stands in it.
  function make(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  // Puts a file among the person's downloads.
  function save(blob, name) {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // A picture that Python keeps, its numbers untouched by the browser's colours.
  const fileUrl = (path) => `${(window.gradio_config && window.gradio_config.root) || ""}/gradio_api/file=${path}`;
  async function bitmapOf(path) {
    const answer = await fetch(fileUrl(path));
    if (!answer.ok) throw new Error("The pictures of this photo are no longer kept: choose the photo again.");
    return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  }

  return {
    // For every tab: read and write the link, open a tab, hear what is shown, ask Python, build what is shown, hide the truth.
    asker,
    digits,
    hideTruth,
    onTruth,
    fileUrl,
    bitmapOf,
    make,
    save,
    typing,
    set,
    get: (name) => query().get(name),
    all: () => Object.fromEntries(query()),
    open(tab) {
      state.wanted = tab;
      press(tab, 600);
    },
    onShow(listener) {
      listeners.push(listener);
      if (state.photo && state.tab) listener(state.tab, state.photo);
    },
    thumb: (photo) => thumbs.get(photo), // a small picture of it, once the strip has one; "lab:thumb" tells
    get photo() { return state.photo; },
    get tab() { return state.tab; },
    get wanted() { return state.wanted; },
    // For the strip, the tab bar and the switches.
    choose(photo) {
      if (photo === state.photo) return;
      state.photo = photo;
      changed();
    },
    opened(tab) {
      // While the page is mounted Gradio goes to its first tab and reports it, sometimes after a link has already opened another.
      if (state.wanted && tab !== state.wanted) return press(state.wanted, 600);
      if (tab === state.tab || unselected(tab)) return;
      const another = state.tab && tab !== query().get("tab");
      state.tab = tab;
      set({ tab }, another ? "pushState" : "replaceState");
      changed();
    },
    setThumb(photo, src) {
      thumbs.set(photo, src);
      document.dispatchEvent(new CustomEvent("lab:thumb", { detail: photo }));
    },
    look,
    looks,
  };
})();
