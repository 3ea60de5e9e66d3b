"""The endpoint `/feature_map` for programs: a network, a stage and a layout in, coordinates as CSV and figures out."""

import csv
import json
import tempfile
from pathlib import Path

import gradio as gr

from ssl_core.layouts import METHODS, LayoutError
from ssl_core.steps import drained
from visualize.tabs.endpoints import chosen_model, refusal
from visualize.tabs.feature_map_asked import FIRST, LARGEST_SEED, read
from visualize.tabs.feature_map_work import Maps


def build(maps: Maps) -> None:
    """Register the endpoint. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        model, stage = (
            gr.Textbox(label="Model; empty for the one the tab opens with"),
            gr.Textbox(label="Stage; empty for the last"),
        )
        layout, knobs = (
            gr.Textbox("pca", label="pca, tsne or umap"),
            gr.Textbox(label='Knobs as JSON, for example {"perplexity": 30}'),
        )
        seed, table, figures = (
            gr.Number(0, label="Seed", precision=0),
            gr.File(label="Coordinates"),
            gr.JSON(label="Figures"),
        )
        ask = gr.Button("Lay out")

    def feature_map_file(model: str, stage: str, layout: str, knobs: str, seed: int) -> tuple[str, dict]:
        with tempfile.TemporaryDirectory() as folder:
            written, told = laid_out(maps, model, stage, layout, {"knobs": knobs, "seed": seed}, Path(folder))
            return table.move_resource_to_block_cache(written), told  # where Gradio removes it after a while

    inputs = [model, stage, layout, knobs, seed]
    ask.click(feature_map_file, inputs, [table, figures], api_name="feature_map", concurrency_limit=1)


def laid_out(
    maps: Maps, model: str | None, stage: str | None, layout: str | None, turned: dict, folder: Path
) -> tuple[Path, dict]:
    """Path of a CSV (index, file, box, x, y) in `folder` and the figures of a map. Errors: gr.Error whose text is a sentence.

    `turned` holds "knobs", JSON or empty, and "seed". The first map of a network takes as long as it needs to look through the bank.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError

    model = chosen_model(maps.lab.model_names(), model, FIRST)
    layout, seed = layout or "pca", turned.get("seed") or 0
    if layout not in METHODS:
        raise refusal(f"There is no layout {layout!r}. Choose one of: {', '.join(METHODS)}.")
    if not 0 <= seed <= LARGEST_SEED:
        raise refusal(f"The seed is a whole number from 0 to {LARGEST_SEED}; got {seed}.")
    try:
        knobs = json.loads(turned.get("knobs") or "{}")
        stages = maps.stages(model)
        if stage and stage not in stages:
            raise refusal(f"{model} has no stage {stage!r}. Choose one of: {', '.join(stages)}.")
        asked = read({"model": model, "other": "", "layout": layout, "knobs": knobs, "seed": seed}, (model,))
        index, bank, stage = drained(maps.lab.index_steps(model)), maps.lab.bank(), stage or stages[-1]
        laid = maps.at_hand(bank, asked, model, stage) or drained(maps.lay_out(bank, asked, index, stage))
    except json.JSONDecodeError as error:
        raise refusal('The knobs are JSON, for example {"perplexity": 30}.') from error
    except (CheckpointError, PhotoError, SourceError, LayoutError) as error:
        raise refusal(str(error)) from error
    figures = {
        "model": model,
        "stage": stage,
        "layout": layout,
        "knobs": asked.knobs,
        "seed": seed,
        "pictures": len(bank),
    }
    figures |= {"neighbors": laid.faith.k, "neighbors_kept": laid.faith.kept, "trustworthiness": laid.faith.trust}
    return table_file(bank, laid.xy, folder), figures


def table_file(bank, xy, folder: Path) -> Path:
    """Write the coordinates to a CSV; its path."""
    path = folder / "map.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["index", "file", "box", "x", "y"])
        for i, (x, y) in enumerate(xy.tolist()):
            box = bank.place(i).box
            writer.writerow([i, bank.names[i], " ".join(map(str, box)) if box else "", f"{x:.5f}", f"{y:.5f}"])
    return path
