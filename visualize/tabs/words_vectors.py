"""What the tab "Words" answers from the vectors alone: sums of words, neighbours, and how alike two words are."""

from __future__ import annotations

from visualize.lab import Lab
from visualize.tabs.asked import AskedError
from visualize.tabs.words_asked import TITLES, Known, answers, examples, known, typed

ANSWERS, NEIGHBOURS = 8, 8


def start(lab: Lab, query: dict) -> dict:
    """What the page needs once: the vocabulary, for the lists under the fields, and which examples work and which fail."""
    at_hand = known(lab)
    return {"words": list(at_hand.first.words), "examples": examples(lab), "model": at_hand.name}


def analogy(lab: Lab, query: dict) -> dict:
    """b - a + c for the words a, b, c of the query; with "show" the query words may be answers.

    {"kinds": [{"title", "answers": [{"word", "cosine", "asked", "right"}], "rank"}], "truth", "of"}, or
    {"problems": [{"field", "message", "suggestions"}]}.
    """
    at_hand = known(lab)
    words, problems = checked(at_hand, query, ("a", "b", "c"))
    if problems:
        return {"problems": problems}
    a, b, c = (words[name] for name in ("a", "b", "c"))
    truth, show = answers(lab).get((a, b, c)), bool(query.get("show"))
    kinds = []
    for kind, title in TITLES.items():
        vectors = at_hand.vectors[kind]
        direction = vectors.direction((b, c), (a,))
        without = () if show else (a, b, c)
        rank = None if truth is None else vectors.rank_of(truth, direction, without)
        found = [
            {"word": word, "cosine": round(cosine, 3), "asked": word in (a, b, c), "right": word == truth}
            for word, cosine in vectors.nearest(direction, ANSWERS, without)
        ]
        kinds.append({"title": title, "answers": found, "rank": rank})
    of = len(at_hand.first.words) - (0 if show else len({a, b, c}))
    return {"words": [a, b, c], "kinds": kinds, "truth": truth, "of": of, "show": show}


def word(lab: Lab, query: dict) -> dict:
    """The neighbours of a word, by kind; how frequent it is."""
    at_hand = known(lab)
    words, problems = checked(at_hand, query, ("word",))
    if problems:
        return {"problems": problems}
    name = words["word"]
    kinds = []
    for kind, title in TITLES.items():
        vectors = at_hand.vectors[kind]
        found = vectors.nearest(vectors[name], NEIGHBOURS, (name,))
        kinds.append(
            {"title": title, "answers": [{"word": near, "cosine": round(cosine, 3)} for near, cosine in found]}
        )
    return {"word": name, "place": at_hand.first.row(name) + 1, "of": len(at_hand.first.words), "kinds": kinds}


def pair(lab: Lab, query: dict) -> dict:
    """How alike two words are: a cosine by kind, and what people said where a published list has the pair."""
    at_hand = known(lab)
    words, problems = checked(at_hand, query, ("one", "other"))
    if problems:
        return {"problems": problems}
    one, other = words["one"], words["other"]
    kinds = [
        {"title": title, "cosine": round(at_hand.vectors[kind].similarity(one, other), 3)}
        for kind, title in TITLES.items()
    ]
    return {"one": one, "other": other, "kinds": kinds, "people": people(lab).get(frozenset((one, other)), [])}


def people(lab: Lab) -> dict[frozenset, list[dict]]:
    """What people said of pairs of words, 0 to 10, by the published list."""
    from ssl_core import analogies

    def make() -> dict[frozenset, list[dict]]:
        found: dict[frozenset, list[dict]] = {}
        for name in analogies.PAIRS:
            for one, other, rating in analogies.rated_pairs(name):
                found.setdefault(frozenset((one, other)), []).append({"list": name, "rating": rating})
        return found

    return lab.standing.keep(("rated pairs",), make)


def checked(at_hand: Known, query: dict, fields: tuple[str, ...]) -> tuple[dict[str, str], list[dict]]:
    """The words of some fields as the vocabulary spells them, and what is wrong with the others."""
    from ssl_core.word_vectors import UnknownWordError

    words, problems = {}, []
    for name in fields:
        try:
            text = typed(query, name)
            words[name] = at_hand.first.words[at_hand.first.row(text)]
        except UnknownWordError as error:
            problems.append({"field": name, "message": str(error), "suggestions": list(error.suggestions)})
        except AskedError as error:
            problems.append({"field": name, "message": str(error), "suggestions": []})
    return words, problems
