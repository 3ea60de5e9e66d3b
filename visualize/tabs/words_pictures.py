"""What the tab "Words" answers with pictures: those of the bank that fit a word, and the words of the photograph of the strip."""

from __future__ import annotations

import numpy as np

from visualize.jobs import Jobs, only_steps, own_key, progress
from visualize.jpeg_uri import jpeg_uri
from visualize.lab import Lab
from visualize.tabs.words_asked import bank_score_steps, bank_scores, known, model_name, network
from visualize.tabs.words_vectors import checked

PICTURES, WORDS = 8, 12
# of the largest patch's area: the network learned from whole photographs, so closer patches are foreign to it
WIDE = 0.4


def pictures(lab: Lab, jobs: Jobs, query: dict) -> dict:
    """The pictures of the bank that fit a word most, {"pictures": [{"src", "photo", "name", "percent"}]}, or how far the work is.

    With "start" the looking-through begins if it has to, with "stop" it ends.
    """
    from ssl_core.word_pictures import best_pictures

    at_hand = known(lab)
    words, problems = checked(at_hand, query, ("word",))
    if problems:
        return {"problems": problems}
    key = own_key(query, "words", model_name(lab))
    scores = None if jobs.at_work(key) else bank_scores(lab)
    if scores is None:
        job = jobs.ask(key, lambda: only_steps(bank_score_steps(lab)), query)
        scores = bank_scores(lab) if job is not None and job.ended.is_set() else None
    if scores is None:
        told = progress(job)
        if job is not None and job.latest is not None:
            told |= {"done": job.latest.done, "total": job.latest.total}
        return told
    bank = lab.bank()
    row = at_hand.first.row(words["word"])
    # A patch and its neighbours say the same: one picture of a starter photograph is enough.
    places = [place.photo for place in bank.places] if any(place.box for place in bank.places) else None
    found = best_pictures(np.where(wide(bank)[:, None], scores, -np.inf), row, PICTURES, places)
    return {
        "word": words["word"],
        "bank": bank.described,
        "pictures": [_picture(lab, bank, index, float(np.exp(np.float32(scores[index, row])))) for index in found],
    }


def wide(bank) -> np.ndarray:
    """Which pictures of a bank show much of their photograph, (N,) bool."""
    area = np.array([place.box[2] * place.box[3] if place.box else 1 for place in bank.places], np.float64)
    largest: dict[str, float] = {}
    for place, size in zip(bank.places, area, strict=True):
        largest[place.photo] = max(largest.get(place.photo, 0), size)
    return area >= WIDE * np.array([largest[place.photo] for place in bank.places])


def _picture(lab: Lab, bank, index: int, share: float) -> dict:
    return {
        "src": jpeg_uri(bank.pixels(index), 88),
        "photo": lab.strip_key(bank.place(index)),
        "name": bank.names[index],
        "percent": round(100 * share, 2),
    }


def photo_words(lab: Lab, query: dict) -> dict:
    """The words of a photograph, likeliest first, each with the map of where its score comes from.

    {"photo", "name", "src", "size": [width, height], "grid": [w, h], "words": [{"word", "percent", "times", "map": [0..1]}],
    "likely" and "unusual": [indices into words, in that order]}. `times`: how much likelier than the word is usually written.
    Errors: PhotoError, CheckpointError, AskedError.
    """
    key = str(query.get("photo") or "")
    photo = lab.photo(key)
    return lab.keep(("words of photo", key, model_name(lab)), lambda: _photo_words(photo, network(lab)))


def _photo_words(photo, model) -> dict:
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.sentences import telling, times_usual

    vocabulary = model.vocabulary
    if not vocabulary:
        raise CheckpointError(f"{model.name} holds no vocabulary: train it on sentences.")
    shares = np.exp(model.word_scores(photo.pixels))
    counts = model.counts.cpu().numpy()
    times = times_usual(shares, counts)
    likely = np.argsort(-shares, kind="stable")[:WORDS]
    unusual = telling(shares, counts, WORDS)
    rows = list(dict.fromkeys([*likely.tolist(), *unusual.tolist()]))
    maps = model.word_maps(photo.pixels, rows)
    height, width = photo.pixels.shape[:2]
    return {
        "photo": photo.key,
        "name": photo.name,
        "src": jpeg_uri(photo.pixels, 90),
        "size": [width, height],
        "grid": list(maps[0].shape[::-1]),
        "likely": list(range(len(likely))),
        "unusual": [rows.index(row) for row in unusual.tolist()],
        "words": [
            {
                "word": vocabulary[row],
                "percent": round(100 * float(shares[row]), 2),
                "times": round(float(times[row]), 1),
                "map": np.round(scaled(places), 3).ravel().tolist(),
            }
            for row, places in zip(rows, maps, strict=True)
        ],
    }


def scaled(places: np.ndarray) -> np.ndarray:
    """A map brought to 0..1."""
    return (places - places.min()) / max(float(np.ptp(places)), 1e-9)
