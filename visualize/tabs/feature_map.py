"""Tab "Feature map": the bank laid out by what a network makes of each picture, two networks side by side, and nearest neighbours."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import gradio as gr

from ssl_core.bank import Bank, Progress
from ssl_core.layouts import METHODS as LAYOUTS
from ssl_core.layouts import LayoutError, knobs_of
from ssl_core.shipped_layouts import Laid
from visualize.lab import Lab
from visualize.model_titles import title_of
from visualize.tabs import feature_map_api
from visualize.tabs.explained import explained
from visualize.tabs.feature_map_asked import Asked, read
from visualize.tabs.feature_map_neighbors import rows, without_rows
from visualize.tabs.feature_map_work import Maps, both, chosen_color
from visualize.widgets.linked_map import layout_of, linked_map
from visualize.widgets.map_controls import map_controls

ID = "feature_map"
TITLE = "Feature map"
QUESTION = "What lies near what?"
METHODS = ()  # it shows every model and is no method's home

Update = tuple[dict, dict]  # of the controls and of the map


def build(lab: Lab, page) -> None:
    """The tab: controls, the map with its lists, the words below."""
    maps = Maps(lab)
    controls = map_controls(QUESTION, ID, LAYOUTS)
    bench = linked_map("map", elem_id="feature-map")
    explained("feature_map_words.html")
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    controls.draw(
        partial(draw, maps),
        [page.photo, controls],
        [controls, bench],
        trigger_mode="multiple",
        concurrency_limit=4,
        **quiet,
    )
    controls.stop(partial(stop, maps), controls, None, queue=False, **quiet)
    near = partial(neighbors, maps)
    page.on_show(ID, near, [controls, bench], [bench], api_visibility="private", concurrency_limit=2)
    bench.picked(near, [page.photo, controls, bench], bench, trigger_mode="always_last", concurrency_limit=2, **quiet)
    feature_map_api.build(maps)


def draw(maps: Maps, photo_key: str, given: dict) -> Iterator[Update]:
    """Everything that was asked for, as it becomes ready: pictures, shipped maps, then what has to be computed, then neighbours.

    Ends early when a newer question comes from the same page. What is wrong becomes a sentence in the tab.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError

    asked = read(given, maps.lab.model_names())
    maps.turns.begin(asked)
    if not asked.model:
        yield told(asked, problem="No trained network is here: train one with `python -m ssl_core train`."), gr.skip()
        return
    try:
        with closing(drawn(maps, photo_key, asked)) as steps:
            for update in steps:
                if maps.turns.old(asked):
                    return
                yield update
    except (CheckpointError, PhotoError, SourceError, LayoutError) as error:
        yield told(asked, problem=str(error)), gr.skip()


def drawn(maps: Maps, photo_key: str, asked: Asked) -> Iterator[Update]:
    """The updates of `draw` in their order. Errors: those of the lab, and LayoutError."""
    lab = maps.lab
    bank = lab.bank_at_hand()
    if bank is None:
        bank = yield from working(asked, lab.bank_steps(), "Reading the photographs")
    asked, problem = usable(maps, asked)
    asked = staged(maps, bank, asked)
    known = about(maps, bank, asked)
    laid: dict[tuple[str, str], Laid] = {}
    for pair in asked.pairs:
        found = maps.at_hand(bank, asked, *pair)
        if found is not None:
            laid[pair] = found
    if maps.points_made.get(bank.key) is None:
        yield told(asked, known=known, working=f"Making {len(bank):,} small pictures"), gr.skip()
    yield told(asked, known=known), gr.update(points=maps.points(bank), colors=maps.colors(bank, asked, None))
    if asked.pairs[0] in laid:
        yield told(asked, laid=laid), gr.update(layout=placed(bank, asked, laid))
    if any(lab.index(model) is None for model, _ in asked.pairs):
        yield told(asked, laid=laid), gr.update(rows=rows(maps, bank, asked, photo_key))  # say what follows
    for pair in asked.pairs:
        index = lab.index(pair[0])
        if index is None:
            index = yield from working(asked, lab.index_steps(pair[0]), f"{title_of(pair[0])} looks at all pictures")
        if pair == asked.pairs[0]:
            yield told(asked, laid=laid), gr.update(colors=maps.colors(bank, asked, index))
        if pair not in laid:
            laid[pair] = yield from growing(maps, bank, asked, index, pair, laid)
            yield told(asked, laid=laid), gr.update(layout=placed(bank, asked, laid))
    near = rows(maps, bank, asked, photo_key)
    yield told(asked, laid=laid, done=True, note=warning(maps, bank), problem=problem), gr.update(rows=near)


def working(asked: Asked, steps: Generator[Progress, None, object], doing: str) -> Generator[Update, None, object]:
    """Show how far a work of the lab is; returns its result."""
    try:
        while True:
            step = next(steps)
            share = step.done / max(step.total, 1)
            yield (
                told(asked, working=f"{doing}: {step.done:,} of {step.total:,}", share=share, note=step.note),
                gr.skip(),
            )
    except StopIteration as finished:
        return finished.value
    finally:
        steps.close()


def growing(
    maps: Maps, bank: Bank, asked: Asked, index, pair: tuple[str, str], laid: dict
) -> Generator[Update, None, Laid]:
    """Show a map grow; returns it. The second of two maps grows unseen, since the first one is being looked at."""
    steps, seen = maps.lay_out(bank, asked, index, pair[1]), pair == asked.pairs[0]
    title = f"{LAYOUTS[asked.layout].title} of {title_of(pair[0])}"
    try:
        while True:
            step, now = next(steps)
            update = told(
                asked, working=f"{title}: {step.saying}", share=step.share, laid=laid | {pair: now} if now else None
            )
            show = seen and now is not None
            yield update, gr.update(layout=placed(bank, asked, {pair: now}, step.share)) if show else gr.skip()
    except StopIteration as finished:
        return finished.value
    finally:
        steps.close()


def placed(bank: Bank, asked: Asked, laid: dict, share: float = 1.0) -> dict:
    """The prop `layout` of one map or both; `share` below 1 while it grows."""
    first, second = laid[asked.pairs[0]], laid.get(asked.pairs[-1]) if asked.other else None
    xy, other = both(first, second)
    names = tuple(f"{title_of(model)}, {stage}" for model, stage in asked.pairs)
    seed = f", seed {asked.seed}" if LAYOUTS[asked.layout].seeded else ""
    knobs = ", ".join(f"{knob.label.lower()} {asked.knobs[knob.name]:g}" for knob in LAYOUTS[asked.layout].knobs)
    caption = f"{' and '.join(names)}: {LAYOUTS[asked.layout].title}, {knobs}{seed}, of {bank.described}"
    key = f"{caption} {second is not None} {share:.3f}"
    return layout_of(key, xy, other, (*names, "")[:2], caption, share < 1)


def usable(maps: Maps, asked: Asked) -> tuple[Asked, str]:
    """The same question without a second network that cannot be loaded, and the sentence that says so."""
    from ssl_core.checkpoint import CheckpointError

    try:
        if asked.other:
            maps.stages(asked.other)
        return asked, ""
    except CheckpointError as error:
        return replace(asked, other="", other_stage=""), str(error)


def staged(maps: Maps, bank: Bank, asked: Asked) -> Asked:
    """The same question with stages that the networks have: the last one where none or a foreign one was named; and with a layout:
    the shipped t-SNE where none was named, or PCA, which takes a moment, where none is shipped.
    """
    stages = [maps.stages(model) for model, _ in asked.pairs]
    names = [stage if stage in there else there[-1] for (_, stage), there in zip(asked.pairs, stages, strict=True)]
    asked = replace(asked, stage=names[0], other_stage=names[1] if asked.other else "")
    if asked.layout:
        return asked
    asked = replace(asked, layout="tsne", knobs=knobs_of("tsne"))
    quick = maps.at_hand(bank, asked, *asked.pairs[0]) is not None
    return asked if quick else replace(asked, layout="pca", knobs=knobs_of("pca"))


def about(maps: Maps, bank: Bank, asked: Asked) -> dict:
    """What the controls offer: networks, stages of the chosen ones, and what colours may mean."""
    colors = [("source", "Photo" if bank.places and bank.place(0).box else "Folder")]
    colors += [("label", "Label")] if bank.labels else []
    return {
        "models": [[name, title_of(name)] for name in maps.lab.model_names()],
        "stages": {model: maps.stages(model) for model, _ in asked.pairs},
        "colors": [list(one) for one in (*colors, ("cluster", "Cluster"), ("unit", "One unit"))],
        "patches": any(place.box for place in bank.places),
        "chosen": {"model": asked.model, "stage": asked.stage, "other": asked.other, "other_stage": asked.other_stage}
        | {"layout": asked.layout, "knobs": asked.knobs, "seed": asked.seed, "color": chosen_color(asked, bank)}
        | {"unit": asked.unit, "clusters": asked.clusters, "same": asked.same},
    }


def told(asked: Asked, laid: dict | None = None, known: dict | None = None, **status) -> dict:
    """An update of the controls: what they offer, how far the work is, how far the maps may be believed."""
    props = {"status": {"turn": asked.turn} | status}
    if known is not None:
        props["known"] = known | {"turn": asked.turn}
    if laid is not None:
        props["faith"] = [
            {
                "name": title_of(model),
                "kept": one.faith.kept,
                "k": one.faith.k,
                "trust": one.faith.trust,
                "note": one.note,
            }
            for (model, _), one in laid.items()
        ]
    return gr.update(**props)


def warning(maps: Maps, bank: Bank) -> str:
    """What a person should know of the bank: pictures that could not be read, photographs that have changed."""
    skipped = f"{bank.skipped:,} of the files could not be read and are left out." if bank.skipped else ""
    return " ".join(filter(None, (skipped, maps.lab.bank_changed())))


def neighbors(maps: Maps, photo_key: str, given: dict, value: dict) -> dict:
    """The neighbours of the picked picture, or of the photograph of the strip. Nothing before the bank is open."""
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError

    asked = read(given | {"picked": value.get("picked")}, maps.lab.model_names())
    bank = maps.lab.opened.get("bank")
    if bank is None or not asked.model:
        return gr.skip()
    try:
        asked = staged(maps, bank, usable(maps, asked)[0])
        return gr.update(rows=rows(maps, bank, asked, photo_key))
    except (CheckpointError, PhotoError, SourceError) as error:
        return gr.update(rows=without_rows(error))


def stop(maps: Maps, given: dict) -> None:
    """End what is being computed for a page; finished parts stay."""
    asked = read(given, maps.lab.model_names())
    maps.turns.begin(replace(asked, turn=asked.turn + 1))
