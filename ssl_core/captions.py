"""Sentences that lie beside photographs: captions.json, {file: [sentence, ...]}, in a folder or a zip."""

import json
from collections.abc import Sequence
from pathlib import PurePosixPath

CAPTIONS = "captions.json"


def match_captions(text: str, names: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], int]:
    """The sentences of each photograph of `names`, () where it has none, and how many captions name no photograph.

    `text` is the content of captions.json; its files are found by their whole name or by its last part. One sentence may
    stand without a list. ValueError if it is not such a file, or if no photograph has a sentence.

    >>> match_captions('{"a.jpg": ["A cat.", " "], "gone.jpg": "A dog."}', ["images/a.jpg", "images/b.jpg"])
    ((('A cat.',), ()), 1)
    """
    captions = json.loads(text)
    if not isinstance(captions, dict):
        raise ValueError("captions.json does not map files to sentences")
    by_name = {file: _sentences(written) for file, written in captions.items()}
    last_parts = {PurePosixPath(name).name for name in names} | set(names)
    found = tuple(by_name.get(name) or by_name.get(PurePosixPath(name).name, ()) for name in names)
    return found, sum(file not in last_parts for file in by_name)


def _sentences(written: object) -> tuple[str, ...]:
    lines = [written] if isinstance(written, str) else written
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ValueError("captions.json does not map files to sentences")
    return tuple(line.strip() for line in lines if line.strip())
