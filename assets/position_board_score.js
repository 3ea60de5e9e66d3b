// The score of person and networks: kept in this browser tab until "Start again"; a round counts once for everyone.
const score = (() => {
  const KEY = "pretext-lab-position";
  const empty = () => ({ done: [], right: {}, asked: {} });
  function read() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEY));
      return kept && Array.isArray(kept.done) && kept.right && kept.asked ? kept : empty();
    } catch { return empty(); }
  }
  let kept = read();

  function write() {
    try { sessionStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* a browser that keeps nothing still counts until it is closed */ }
  }

  // A round whose answer was seen counts no more; false if that is so already
  function skip(asked) {
    const id = `${asked.photo}/${asked.round}`;
    if (kept.done.includes(id)) return false;
    kept.done.push(id);
    write();
    return true;
  }

  // Counts a round, {photo, round, direction, networks}, that a person answered with `said`; false if it was counted before
  function count(asked, said) {
    if (!skip(asked)) return false;
    const add = (name, right) => {
      kept.asked[name] = (kept.asked[name] || 0) + 1;
      kept.right[name] = (kept.right[name] || 0) + Number(right);
    };
    add("you", said === asked.direction);
    for (const network of asked.networks) if (network.likely) add(network.name, best(network.likely) === asked.direction);
    write();
    return true;
  }

  // [{title, right, asked, share}] for a person, the networks and chance; share in per cent, null before the first round
  function lines(networks) {
    const line = (title, name) => {
      const asked = kept.asked[name] || 0, right = kept.right[name] || 0;
      return { title, right, asked, share: asked ? (100 * right) / asked : null };
    };
    const chance = { title: "Chance", right: (kept.asked.you || 0) / 8, asked: kept.asked.you || 0, share: 12.5 };
    return [line("You", "you"), ...networks.map((network) => line(network.title, network.name)), chance];
  }

  function forget() {
    kept = empty();
    write();
  }

  return { count, skip, lines, forget };
})();

const best = (likely) => likely.indexOf(Math.max(...likely));
