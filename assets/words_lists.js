// Lists of words with a cosine each: answers of a sum, neighbours, and how alike two words are.
function bar(share) {
  const made = make("i", { className: "bar" });
  made.style.setProperty("--share", Math.max(0, Math.min(1, share)));
  return made;
}
function entry({ word, cosine, asked, right }) {
  const button = make("button", { type: "button", title: `Look at “${word}”` }, make("span", { className: "name", textContent: word }));
  if (asked) button.append(make("small", { textContent: "query" }));
  if (right) button.append(make("small", { className: "right", role: "img", ariaLabel: "the right answer", title: "The right answer", textContent: "✓" }));
  button.append(bar(cosine), make("b", { textContent: cosine.toFixed(2).replace("-", "−") }));
  button.addEventListener("click", () => choose(word));
  return make("li", { className: asked ? "asked" : right ? "is-right" : "" }, button);
}
function list(kind, note) {
  const column = make("section", { className: "kind" }, make("h4", { textContent: kind.title }));
  column.append(make("ol", {}, ...kind.answers.map(entry)));
  if (note) column.append(make("p", { className: "rank", textContent: note }));
  return column;
}

function showSum(answer) {
  say(".message", answer.error);
  mark(["a", "b", "c"], answer.problems);
  part(".problems").replaceChildren(...(answer.problems || []).map(problemLine));
  parts(".chips button").forEach((chip) => chip.setAttribute("aria-pressed", String(chip.dataset.sum === [state.a, state.b, state.c].join(" "))));
  if (answer.error || answer.problems) return part(".kinds").classList.add("old");
  part(".kinds").classList.remove("old");
  showAnswers(answer);
}
function showAnswers(answer) {
  state.answered = answer;
  part(".kinds").replaceChildren(...answer.kinds.map((kind) => list(kind, rankOf(kind, answer))));
}
function rankOf(kind, { truth, of }) {
  if (!truth) return "No right answer is known for this one.";
  return kind.rank === 1 ? `Right: “${truth}” comes first of ${of.toLocaleString("en")}.` : `The right answer, “${truth}”, is number ${kind.rank.toLocaleString("en")} of ${of.toLocaleString("en")}.`;
}
// Each answer marks the fields that it was asked about, and no others.
function mark(names, problems = []) {
  for (const name of names) field(name).removeAttribute("aria-invalid");
  for (const { field: name } of problems) field(name).setAttribute("aria-invalid", "true");
}
function problemLine({ field: name, message, suggestions }) {
  const line = make("p", { className: "problem", textContent: message.replace(/(Closest in spelling:).*$/s, "$1") });
  for (const word of suggestions) {
    const button = make("button", { type: "button", className: "quiet", textContent: word });
    button.addEventListener("click", () => { field(name).value = word; set(name, word); });
    line.append(" ", button);
  }
  return line;
}
function showExamples(examples) {
  for (const [name, sums] of Object.entries(examples)) {
    part(`[data-examples="${name}"]`).replaceChildren(...sums.map((sum) => {
      const [a, b, c] = sum, chip = make("button", { type: "button", className: "quiet", textContent: `${b} − ${a} + ${c}` });
      chip.dataset.sum = sum.join(" ");
      chip.addEventListener("click", () => useSum(sum));
      return chip;
    }));
  }
  part('[data-examples="fail"]').append(chipOfNothing());
}
function chipOfNothing() {
  const sum = ["dog", "dog", "water"], chip = make("button", { type: "button", className: "quiet", textContent: "dog − dog + water" });
  chip.dataset.sum = sum.join(" ");
  chip.addEventListener("click", () => { state.show = true; useSum(sum); });
  return chip;
}

function showWord(answer) {
  const problems = answer.error ? [{ field: "word", message: answer.error, suggestions: [] }] : answer.problems;
  const near = part(".near");
  mark(["word"], answer.problems);
  part(".pictures").classList.toggle("old", Boolean(problems));
  part(".place").textContent = answer.error ? "" : problems ? `the pictures are those of “${state.pictured}”` : `word ${answer.place.toLocaleString("en")} of ${answer.of.toLocaleString("en")}, by how often it is written`;
  if (problems) return near.replaceChildren(...problems.map(problemLine));
  near.replaceChildren(...answer.kinds.map((kind) => list({ ...kind, title: `Nearest, ${kind.title}` })));
}

function showPair(answer) {
  const box = part(".alike"), problems = answer.error ? [{ field: "one", message: answer.error, suggestions: [] }] : answer.problems;
  mark(["one", "other"], answer.problems);
  if (problems) return box.replaceChildren(...problems.map(problemLine));
  const figures = answer.kinds.map((kind) => {
    const line = make("p", {}, make("span", { textContent: kind.title }));
    line.append(bar(kind.cosine), make("b", { textContent: kind.cosine.toFixed(2).replace("-", "−") }));
    return line;
  });
  const people = answer.people.map(({ list: name, rating }) => make("p", {}, make("span", { textContent: `People, ${name}` }), bar(rating / 10), make("b", { textContent: `${rating.toFixed(1)} of 10` })));
  box.replaceChildren(...figures, ...people, make("p", { className: "note", textContent: "Cosine of the two vectors: 1 is the same direction, 0 nothing in common." }));
}

part('[data-save="answers"]').addEventListener("click", () => {
  const answer = state.answered;
  if (!answer) return;
  const rows = answer.kinds.flatMap((kind) => (kind.answers || []).map((one, at) => [kind.title, at + 1, one.word, one.cosine, one.asked ? "query word" : one.right ? "right answer" : ""]));
  const text = [["vectors", "rank", "word", "cosine", ""], ...rows].map((row) => row.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(",")).join("\r\n");
  window.lab.save(new Blob([text], { type: "text/csv" }), `${answer.words[1]}-${answer.words[0]}-${answer.words[2]}.csv`);
});
