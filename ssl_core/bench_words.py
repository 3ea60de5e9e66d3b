"""What word vectors know: analogies and similarity, for the rows of the last layer, word2vec, and both behind each other.

Questions are asked where all of their words are in the vocabulary. Beside each share stand that of naming the nearest
neighbour of the third word, which asks nothing of the analogy, and that of naming any word, so that nobody is fooled.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ssl_core import analogies, word_files
from ssl_core.bench import Column, Report
from ssl_core.word_vectors import WordVectors, concatenated

METHOD = "noisy-words"
COLUMNS = (
    Column("answer", "vectors"),
    Column("words", "K", ",d"),
    Column("google_percent", "Google analogies, %", ".1f"),
    Column("google_nearest_percent", "nearest to the third word, %", ".1f"),
    Column("visual_percent", "visual analogies, %", ".1f"),
    Column("visual_nearest_percent", "nearest to the third word, %", ".1f"),
    Column("guess_percent", "any word, %", ".2f"),
    Column("wordsim", "WordSim-353, rho"),
    Column("simlex", "SimLex-999, rho"),
    Column("published_analogies", "published: analogies, %"),
    Column("published_similarity", "published: similarity, %"),
)
AT = (1, 5, 10)
LOSS_COLUMNS = (
    Column("answer", "loss"),
    *(Column(f"precision_{k}_percent", f"precision at {k}, %", ".1f") for k in AT),
    Column("rate", "step size", "g"),
)
# Joulin et al. (2016), their table of analogies and similarity at K = 1,000: AlexNet, word2vec, both.
PUBLISHED = {"visual": (67.91, 73.77), "word2vec": (71.92, 75.25), "both": (74.79, 78.17)}
LARGER = 5000  # the largest vocabulary of which each word still occurs some times in 30,000 sentences


def measure(vectors: Mapping[str, WordVectors]) -> list[dict]:
    """One row for each kind of vectors: shares of right answers in per cent, Spearman's rho, and how many were asked."""
    google, visual = analogies.google(), analogies.visual()
    pairs = {name: analogies.rated_pairs(name) for name in analogies.PAIRS}
    rows = []
    for kind, words in vectors.items():
        on_google, on_visual = analogies.answer_analogies(words, google), analogies.answer_analogies(words, visual)
        rated = {name: analogies.compare_ratings(words, rows_of) for name, rows_of in pairs.items()}
        rows.append(
            {
                "answer": kind,
                "words": len(words.words),
                "google_percent": _percent(on_google.right),
                "google_nearest_percent": _percent(on_google.nearest),
                "google_asked": on_google.asked,
                "visual_percent": _percent(on_visual.right),
                "visual_nearest_percent": _percent(on_visual.nearest),
                "visual_asked": on_visual.asked,
                "guess_percent": _percent(on_visual.guess),
                "wordsim": _rounded(rated["WordSim-353"].spearman),
                "wordsim_asked": rated["WordSim-353"].asked,
                "simlex": _rounded(rated["SimLex-999"].spearman),
                "simlex_asked": rated["SimLex-999"].asked,
            }
        )
    return rows


def by_section(words: WordVectors) -> dict[str, float]:
    """Share of the visual analogies answered rightly, in per cent, by section."""
    questions = analogies.visual()
    sections = dict.fromkeys(question.section for question in questions)
    found = {
        name: analogies.answer_analogies(words, [one for one in questions if one.section == name]) for name in sections
    }
    return {name: _percent(answers.right) for name, answers in found.items() if answers.asked}


def report(folder: Path, larger: tuple[WordVectors, WordVectors] | None) -> Report:
    """The table of a model's folder, with a larger vocabulary (visual, word2vec) if given. CheckpointError as `read_all`."""
    vectors = word_files.read_all(folder)
    rows = measure(vectors)
    for row in rows:
        row["published_analogies"], row["published_similarity"] = PUBLISHED[row["answer"]]
    rows[0]["model"] = folder.name
    remarks = [_coverage(rows[0]), _sections(vectors)]
    if larger:
        more = measure({"visual": larger[0], "word2vec": larger[1], "both": concatenated(*larger)})
        rows += more
        remarks += [
            _coverage(more[0]),
            f"At K = {more[0]['words']:,} the visual vectors are a last layer learned on the frozen features of {folder.name}.",
        ]
    remarks.append("The published figures are of 100 million photographs and of questions chosen by other words.")
    said = f"Word vectors of {folder.name} and of word2vec, learned from the same sentences; query words may not be answers."
    return Report("words", said, COLUMNS, tuple(rows), tuple(remarks))


def _coverage(row: dict) -> str:
    return (
        f"At K = {row['words']:,} the vocabulary covers {row['google_asked']:,} of {len(analogies.google()):,} Google analogies, "
        f"{row['visual_asked']} visual ones, {row['wordsim_asked']} pairs of WordSim-353 and {row['simlex_asked']} of SimLex-999."
    )


def _sections(vectors: Mapping[str, WordVectors]) -> str:
    kinds = {kind: by_section(words) for kind, words in vectors.items()}
    parts = (
        f"{section} {', '.join(f'{kinds[kind][section]:.0f}' for kind in kinds)}"
        for section in next(iter(kinds.values()))
    )
    return f"Visual analogies by section, % ({', '.join(kinds)}): {'; '.join(parts)}."


def _percent(share: float) -> float | None:
    return None if np.isnan(share) else round(100 * share, 2)


def _rounded(rho: float) -> float | None:
    return None if np.isnan(rho) else round(rho, 3)
