"""The linked map: points that a hand moves, zooms, lassoes and picks, and lists beside them whose entries fly back to the map.

Points are dots, or words, or small pictures where there is room. It is an own 2-D canvas, because plotly.js was measured to be slower
without a GPU (LOG.md). What Python gives stands in props, each of which may change alone:

points  {"key", "about", "noun": [one, many], "thumbs" or None}; `points_of` makes it
layout  {"key", "xy", "other" or None, "names": [one, other], "caption", "growing", "message"}; `layout_of` makes it. A message alone
        stands over the map. Between `xy` and `other`, which is of the same points, the page offers a morph
colors  {"kind": "groups", "title", "names", "of"} or {"kind": "ramp", "title", "low", "high", "stops", "of"} or None;
        `groups_of` and `ramp_of` make it
rows    [{"title", "note", "message", "marked": bool, "entries": [{"index" of a point, or "src" of a picture; "text", "figure"}]}];
        the points of the row that is marked are ringed on the map. With "of" they are shown only while that point is the picked one

Its value is {"picked": index or -1, "selected": [indices]}; `picked` and `selected` fire when these change. View, morph, picked point
and lasso stand in the link, under names that begin with `called`.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import gradio as gr
import numpy as np

from visualize.widgets.posterior_lens import LensFolder

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = (
    "linked_map.js",
    "linked_map_paint.js",
    "linked_map_hand.js",
    "linked_map_lists.js",
    "linked_map_save.js",
)
SHEET_COLUMNS, SHEET_ROWS = 32, 16
SIDE, SIDE_OF_MANY, MANY = 64, 48, 2000  # px of a small picture
MOST_GROUPS = 32  # colours times shapes


def linked_map(called: str, **options) -> gr.HTML:
    """The component. `called` is its name in the link and in the event `lab:fly`."""
    return gr.HTML(
        {"picked": -1, "selected": []},
        html_template=(ASSETS / "linked_map.html").read_text(encoding="utf-8"),
        css_template=(ASSETS / "linked_map.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        called=called,
        points=None,
        layout=None,
        colors=None,
        rows=None,
        apply_default_css=False,
        **options,
    )


def points_of(
    key: str,
    labels: Sequence[str],
    noun: tuple[str, str],
    folder: LensFolder | None = None,
    columns: dict[str, Sequence] | None = None,
    thumbs: dict | None = None,
) -> dict:
    """The prop `points`. `columns` are further columns of the saved table; of them "file" and "box" name what a selection lists.

    With a `folder`, as `LensFiles.folder()` gives it, the texts travel as a file, which the page fetches once: right for thousands.
    """
    about = {"labels": list(labels), "columns": {name: list(values) for name, values in (columns or {}).items()}}
    if folder is not None:
        path = Path(folder.held.name) / "points.json"
        path.write_text(json.dumps(about, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        about = path.as_posix()
    return {"key": key, "about": about, "noun": list(noun), "thumbs": thumbs}


def thumbs_of(pictures: Iterator[np.ndarray], count: int, folder: LensFolder) -> dict:
    """Write small pictures onto sheets in `folder`; the prop's "thumbs". `pictures` gives `count` (side, side, 3) uint8, any side.

    One sheet at a time is in memory.
    """
    from PIL import Image

    side, per_sheet = (SIDE if count <= MANY else SIDE_OF_MANY), SHEET_COLUMNS * SHEET_ROWS
    sheets, rows = [], []
    for start in range(0, count, per_sheet):
        here = min(per_sheet, count - start)
        rows.append(-(-here // SHEET_COLUMNS))
        sheet = Image.new("RGB", (SHEET_COLUMNS * side, rows[-1] * side))
        for at in range(here):
            small = Image.fromarray(next(pictures)).resize((side, side), Image.Resampling.BOX, reducing_gap=2)
            sheet.paste(small, (at % SHEET_COLUMNS * side, at // SHEET_COLUMNS * side))
        path = Path(folder.held.name) / f"sheet-{len(sheets)}.jpg"
        sheet.save(path, quality=85)
        sheets.append(path.as_posix())
    return {"side": side, "columns": SHEET_COLUMNS, "per_sheet": per_sheet, "rows": rows, "sheets": sheets}


def layout_of(
    key: str,
    xy: np.ndarray,
    other: np.ndarray | None = None,
    names: tuple[str, str] = ("", ""),
    caption: str = "",
    growing: bool = False,
) -> dict:
    """The prop `layout` of one map (N, 2) in [-1, 1], or of two of the same points. `caption` goes under the saved picture."""
    placed = {"key": key, "xy": packed(xy), "other": None if other is None else packed(other)}
    return placed | {"names": list(names), "caption": caption, "growing": growing, "message": ""}


def packed(xy: np.ndarray) -> str:
    """Coordinates (N, 2) in [-1, 1] as base64 of 16-bit numbers: finer than a screen, and small."""
    whole = np.rint((np.clip(xy, -1, 1).astype(np.float64) + 1) * 32767.5).astype("<u2")
    return base64.b64encode(whole.tobytes()).decode("ascii")


def groups_of(title: str, names: Sequence[str], of: np.ndarray) -> dict:
    """The prop `colors` for points that belong to groups: `of` (N,) holds the index into `names`.

    Only the 31 largest groups keep a mark of their own; the rest become one, "others".
    """
    of, names = np.asarray(of), list(names)
    if len(names) > MOST_GROUPS:
        size = np.bincount(of, minlength=len(names))
        kept = np.sort(np.argsort(-size, kind="stable")[: MOST_GROUPS - 1])
        place = np.full(len(names), len(kept))
        place[kept] = np.arange(len(kept))
        of, names = place[of], [names[index] for index in kept] + ["others"]
    return {
        "kind": "groups",
        "title": title,
        "names": names,
        "of": base64.b64encode(of.astype(np.uint8)).decode("ascii"),
    }


def ramp_of(title: str, values: np.ndarray, stops: Sequence[str]) -> dict:
    """The prop `colors` for points with a number each, (N,); `stops` are CSS colours from the lowest to the highest."""
    values = np.asarray(values, np.float64)
    low, high = float(values.min()), float(values.max())
    level = np.rint(255 * (values - low) / max(high - low, 1e-12)).astype(np.uint8)
    told = {"kind": "ramp", "title": title, "low": f"{low:.3g}", "high": f"{high:.3g}", "stops": list(stops)}
    return told | {"of": base64.b64encode(level).decode("ascii")}
