"""What every bench shares: which photographs, how a table looks, and where measured figures are written.

Each of `bench_inpaint`, `bench_colorize` and `bench_speed` makes a `Report`. Figures reach the README and the model cards from here
and from nowhere else.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssl_core.selection import held_out

SIDE = 128
SPLITS = ("val", "train", "all", "selection")


@dataclass(frozen=True)
class Column:
    """One column of a table: the key of its figure in a row, its heading, and how the figure is written."""

    key: str
    heading: str
    form: str = ".2f"

    def write(self, row: dict) -> str:
        figure = row.get(self.key)
        return "" if figure is None else figure if isinstance(figure, str) else format(figure, self.form)


@dataclass(frozen=True)
class Report:
    """The outcome of one bench.

    `rows` hold figures by the keys of `columns`; a row with "model" belongs to that shipped model, whose card it goes to. `remarks` are
    sentences with figures of their own (ratios), `measured_on` says on what and how.
    """

    name: str
    measured_on: str
    columns: tuple[Column, ...]
    rows: tuple[dict, ...]
    remarks: tuple[str, ...] = ()
    setting: str = ""

    def cells(self) -> list[list[str]]:
        """The table as text, headings first."""
        return [
            [column.heading for column in self.columns],
            *([c.write(row) for c in self.columns] for row in self.rows),
        ]

    def markdown(self) -> str:
        """The table and what it was measured on, as it stands in the README."""
        head, *body = self.cells()
        rule = ["---", *["---:"] * (len(head) - 1)]
        lines = [f"| {' | '.join(cells)} |" for cells in (head, rule, *body)]
        return "\n".join([*lines, "", " ".join((self.measured_on, *self.remarks))])

    def text(self) -> str:
        """The table for a terminal."""
        cells = self.cells()
        widths = [max(len(row[index]) for row in cells) for index in range(len(self.columns))]
        lines = [
            "  ".join(
                [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            )
            for row in cells
        ]
        return "\n".join([*lines, "", self.measured_on, *self.remarks])

    def json(self) -> str:
        """All of it for a program."""
        return json.dumps(
            {"bench": self.name, "measured_on": self.measured_on, "rows": self.rows, "remarks": self.remarks}, indent=2
        )

    def scores(self, model: str) -> dict:
        """The figures of one shipped model, for its config.json: {} if the report says nothing about it."""
        row = next((row for row in self.rows if row.get("model") == model), {})
        return {key: value for key, value in row.items() if key not in ("model", "answer")}


def open_split(spec: str, split: str | None = None):
    """The Source that holds a split; for "selection" that is train, for None val if there is one, else all. Raises SourceError."""
    from ssl_core.sources import SourceError, open_source

    if split is not None:
        return open_source(spec, "train" if split == "selection" else split)
    try:
        return open_source(spec, "val")
    except SourceError:
        return open_source(spec, "all")


def photographs(spec: str, split: str | None = None, limit: int | None = None) -> tuple[np.ndarray, str]:
    """The photographs to measure on, (N, 128, 128, 3) uint8, and a phrase that says which they are.

    `split` is "val", "train", "all", or "selection": the slice of train that is held out for choices (`ssl_core.selection`). None means
    val if the source has one, else all of it. `limit` takes that many, evenly spread. Raises SourceError, a sentence.
    """
    from ssl_core.sources import SourceError, pack

    source = open_split(spec, split)
    images, described = pack(source, SIDE), source.described.rsplit(",", 1)[0]
    if split == "selection":
        chosen = np.flatnonzero(held_out(images))
        if not len(chosen):
            raise SourceError(f"{described} is too small to hold out a slice for choices. Use --split train or val.")
        images, described = images[chosen], f"{described}, the slice held out for choices"
    if limit is not None and limit < len(images):
        images = images[np.linspace(0, len(images) - 1, limit).astype(int)]
        described += ", evenly spread"
    return images, f"{described}, {len(images):,} photographs at {SIDE} px"


def write_readme(report: Report, readme: Path) -> bool:
    """Put the report between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. False when the file or the marks are not there.

    CheckpointError if the disk refuses.
    """
    from ssl_core.checkpoint import replacing

    if not readme.is_file():
        return False
    before = readme.read_text(encoding="utf-8")
    marks = (f"<!-- bench:{report.name} -->", f"<!-- /bench:{report.name} -->")
    pattern = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", re.DOTALL)
    after, found = pattern.subn(lambda _: f"{marks[0]}\n{report.markdown()}\n{marks[1]}", before)
    if found and after != before:
        with replacing(readme) as partial:
            partial.write_text(after, encoding="utf-8")
    return bool(found)


def write_scores(report: Report, checkpoints: Path) -> list[str]:
    """Put each model's figures into its config.json, under the bench's name, and write its card anew. Returns their names."""
    from ssl_core import cards, checkpoint

    written = [row["model"] for row in report.rows if row.get("model")]
    for name in written:
        scores = {"measured_on": report.measured_on, **report.scores(name)}
        checkpoint.write_scores(checkpoints / name, {report.name: scores})
        cards.write_card(checkpoints / name)
    return written
