// The clusters of the bank, the most consistent first; looked for when the hand asks.
const finder = $("[data-do=find]"), stopper = $("[data-do=stop]"), stateLine = $(".state"), bar = $("progress"), discarded = $(".discarded");
let stopped = false;

function clusterOf(cluster, index, bad) {
  const title = bad ? "Discarded" : `Cluster ${index + 1}`;
  const head = make("header", {}, make("h4", { textContent: title }), make("output", { textContent: `${signed(cluster.consistency)} nats per cell` }));
  return make("section", {}, head, make("div", { className: "tiles" }, ...cluster.tiles.map((tile) => tileOf(tile))));
}
function arrive() {
  const ranking = (!stopped && props.ranking) || {}; // what is still on its way tells of a search that ends
  const busy = ranking.share !== undefined;
  stopper.hidden = bar.hidden = !busy;
  finder.hidden = busy || ranking.found !== undefined;
  bar.value = ranking.share || 0;
  stateLine.classList.toggle("problem", Boolean(ranking.message));
  stateLine.textContent = ranking.message || ranking.working || "";
  if (ranking.found === undefined) return;
  const none = `No cluster in ${ranking.bank} is consistent, ${ranking.discarded} discarded: nothing in it comes often enough to be foretold.`;
  const some = `${ranking.found} consistent ${ranking.found === 1 ? "cluster" : "clusters"} in ${ranking.bank}, best first, ${ranking.discarded} discarded.`;
  stateLine.textContent = `${ranking.found ? some : none} The figure is the sum of the members' scores, higher is better.`;
  $(".ranking").replaceChildren(...ranking.clusters.map((cluster, index) => clusterOf(cluster, index, false)));
  discarded.hidden = !ranking.worst.length;
  discarded.querySelector("summary").textContent = `The ${ranking.worst.length} least consistent of the discarded`;
  discarded.querySelector(".ranking").replaceChildren(...ranking.worst.map((cluster, index) => clusterOf(cluster, index, true)));
  element.dataset.ready = String(ranking.found);
}
finder.addEventListener("click", () => {
  stopped = false;
  trigger("find");
});
stopper.addEventListener("click", () => {
  stopped = true;
  arrive();
  trigger("stop");
});
watch("ranking", arrive);
