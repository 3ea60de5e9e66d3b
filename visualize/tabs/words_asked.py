"""What the tab "Words" knows: the vectors of the three kinds, the questions with known answers, and examples found among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visualize.lab import Lab
from visualize.tabs.asked import AskedError

if TYPE_CHECKING:
    import numpy as np

    from ssl_core.analogies import Analogy
    from ssl_core.pretexts.noisy_words import NoisyWords
    from ssl_core.word_vectors import WordVectors

METHOD = "noisy-words"
TITLES = {"visual": "Visual", "word2vec": "word2vec", "both": "Both"}
EXAMPLES = 5
LONGEST = 60  # letters of what a person typed that are looked at


@dataclass(frozen=True)
class Known:
    """The word vectors of a model, by kind."""

    name: str
    vectors: dict[str, WordVectors]

    @property
    def first(self) -> WordVectors:
        """Any of the kinds: all have the same words."""
        return next(iter(self.vectors.values()))


def model_name(lab: Lab) -> str:
    """The shipped model of the tab. AskedError if there is none."""
    names = lab.models(METHOD)
    if not names:
        raise AskedError(
            "No network that learned words is here. Restore checkpoints/ (git checkout -- checkpoints), or train one: "
            "python -m ssl_core train noisy-words-1k --source captions.zip"
        )
    return names[0]


def known(lab: Lab) -> Known:
    """The vectors of the shipped model, read once, without torch. Errors: AskedError, CheckpointError."""
    from ssl_core import zoo
    from ssl_core.word_files import read_all

    folder = zoo.folder() / model_name(lab)
    return lab.standing.keep(("word vectors", str(folder)), lambda: Known(folder.name, read_all(folder)))


def network(lab: Lab) -> NoisyWords:
    """The trained network itself. Errors: AskedError, CheckpointError."""
    return lab.model(model_name(lab))


def typed(query: dict, name: str) -> str:
    """A word that a person typed, trimmed. AskedError if there is none, or more than one."""
    text = str(query.get(name) or "").strip()
    if not text:
        raise AskedError("A word is missing: type one, or choose one from the list.")
    if len(text.split()) > 1:
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        raise AskedError(f"One word at a time, please: “{shown}” is more than one.")
    return text[: 4 * LONGEST]


def answers(lab: Lab) -> dict[tuple[str, str, str], str]:
    """The analogies with a known answer, {(a, b, c): d}: the hand-written ones before Google's."""
    from ssl_core import analogies

    def make() -> dict[tuple[str, str, str], str]:
        words = known(lab).first.words
        asked = analogies.covered([*analogies.google(), *analogies.visual()], words)
        return {(question.a, question.b, question.c): question.d for question in asked}

    return lab.standing.keep(("known analogies", model_name(lab)), make)


def examples(lab: Lab) -> dict[str, list[list[str]]]:
    """Questions of the hand-written set that the visual vectors answer rightly, and some where they are far off: [a, b, c]."""
    return lab.standing.keep(("analogy examples", model_name(lab)), lambda: _examples(known(lab).vectors["visual"]))


def _examples(vectors: WordVectors) -> dict[str, list[list[str]]]:
    from ssl_core import analogies

    asked = analogies.covered(analogies.visual(), vectors.words)
    ranks = [_rank(vectors, question) for question in asked]
    right = [question for question, (rank, beaten) in zip(asked, ranks, strict=True) if rank == 1 and beaten]
    wrong = [question for question, (rank, _) in zip(asked, ranks, strict=True) if rank > 10]
    return {"work": _spread(right), "fail": _spread(wrong)}


def _rank(vectors: WordVectors, question: Analogy) -> tuple[int, bool]:
    """The rank of the true answer, and whether it beats what the third word alone would have named."""
    query = (question.a, question.b, question.c)
    rank = vectors.rank_of(question.d, vectors.direction(query[1:], query[:1]), query)
    return rank, vectors.nearest(vectors[question.c], 1, query)[0][0] != question.d


def _spread(questions: list[Analogy]) -> list[list[str]]:
    """Some of them, as many sections as there are, no two with the same third word."""
    chosen: list[Analogy] = []
    by_section = {one.section: [q for q in questions if q.section == one.section] for one in questions}
    for turn in range(len(questions)):
        for section in by_section.values():
            if turn < len(section) and len(chosen) < EXAMPLES and all(section[turn].c != one.c for one in chosen):
                chosen.append(section[turn])
    return [[one.a, one.b, one.c] for one in chosen]


def bank_scores(lab: Lab) -> np.ndarray | None:
    """The score of every word on every picture of the bank, (N, K), if that has been computed."""
    from ssl_core.word_pictures import load_scores

    bank = lab.bank_at_hand()
    if bank is None:
        return None
    key = ("word scores", model_name(lab), bank.key)
    found = lab.standing.get(key)
    if found is None:
        found = load_scores(network(lab), bank)
    return None if found is None else lab.standing.keep(key, lambda: found)


def bank_score_steps(lab: Lab):
    """Compute `bank_scores`: a generator of Progress. Errors: BankError, PhotoError, CheckpointError."""
    from ssl_core.word_pictures import score_steps

    bank = yield from lab.bank_steps()
    model = network(lab)
    key = ("word scores", model.name, bank.key)
    found = yield from lab.work.watch(key, lambda: score_steps(model, bank))
    return lab.standing.keep(key, lambda: found)
