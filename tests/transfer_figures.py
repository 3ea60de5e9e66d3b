"""Figures of the shape that `bench transfer --write` gives, made up by a formula: for tests of the tab "Transfer" only."""

from __future__ import annotations

import numpy as np

TEACHERS = (
    ("untrained", 0, 0, "untrained"),
    ("context-encoder-l2", 41.2, 110_000, "self-supervised"),
    ("context-encoder-joint", 96.0, 240_000, "self-supervised"),
    ("colorization-regression", 38.0, 120_000, "self-supervised"),
    ("colorization-classification", 55.0, 160_000, "self-supervised"),
    ("colorization-rebalanced", 71.0, 210_000, "self-supervised"),
    ("hypercolumn-colorization-histograms", 97.0, 274_000, "self-supervised"),
    ("split-brain-lab", 60.0, 150_000, "self-supervised"),
    ("relative-position-dropping", 34.0, 90_000, "self-supervised"),
    ("relative-position-plain", 34.5, 92_000, "self-supervised"),
    ("denoising-autoencoder-mixed", 30.0, 100_000, "self-supervised"),
    ("noisy-words-1k", 25.0, 80_000, "self-supervised"),
    ("supervised-labels", 45.0, 130_000, "supervised"),
)
TASKS = (
    ("caltech101", "Caltech-101", "accuracy", 94, 1.06, "classification", 12.0, 52.0),
    ("intel_scene", "Scenes", "accuracy", 6, 16.7, "classification", 50.0, 82.0),
    ("tiny", "Tiny-ImageNet", "accuracy", 200, 0.5, "classification", 4.0, 17.0),
    ("voc5", "VOC, 5 classes", "mAP", 5, 24.0, "classification", 38.0, 66.0),
    ("camvid", "CamVid", "mean IoU", 11, 5.0, "segmentation", 21.0, 38.0),
    ("voc5-boxes", "VOC boxes", "AP at IoU 0.5", 5, 0.1, "detection", 9.0, 27.0),
)
PROTOCOLS = ("linear probe", "fine-tune", "feature augmentation", "joint learning")
SHARES = (0.01, 0.1, 1.0)
STAGES = ("conv1", "conv2", "conv3", "conv4", "conv5")


def figures(teachers: tuple = TEACHERS, tasks: tuple = TASKS) -> dict:
    """A whole results file; the best free teacher of a full linear probe on Caltech-101 is colorization-rebalanced."""
    rng = np.random.default_rng(7)
    strength = {name: place for place, (name, *_) in enumerate(teachers)}
    merit = {name: float(rng.uniform(0.1, 0.75)) for name in strength}
    merit |= {"untrained": 0.0, "supervised-labels": 1.0, "colorization-rebalanced": 0.85}
    cells = [cell for task in tasks for name in strength for cell in cells_of(name, merit[name], task, rng)]
    return {
        "measured_on": "Two shared CPU cores; test splits of the packs; three seeds unless a cell says otherwise.",
        "remarks": ["The teachers saw no label.", "Detection was measured with all labels only."],
        "teachers": [
            {"name": name, "minutes": minutes, "images": images, "kind": kind}
            for name, minutes, images, kind in teachers
        ],
        "tasks": [
            {
                "name": name,
                "title": title,
                "score": score,
                "classes": classes,
                "chance": chance,
                "kind": kind,
                "caveat": "" if name != "tiny" else "Pictures of 64 pixels, enlarged.",
            }
            for name, title, score, classes, chance, kind, *_ in tasks
        ],
        "cells": cells,
        "layers": layers(merit),
        "ensembles": ensembles(),
        "published": {
            "caption": "PASCAL VOC with AlexNet, from the papers.",
            "rows": [
                published("ImageNet labels", 72.8, 56.8, 48.0, "3 days"),
                published("Random initialisation", 53.3, 43.4, 19.8, ""),
                published("Context encoder", 56.5, 44.5, 29.7, "14 hours"),
                published("Colorization", 65.9, 46.9, 35.6, None),
                published("Relative position", 65.3, 51.1, None, "4 weeks"),
            ],
        },
    }


def cells_of(name: str, merit: float, task: tuple, rng: np.random.Generator) -> list[dict]:
    """The cells of a teacher in a task; detection with all labels only, joint learning nowhere with 1 %."""
    key, _, _, _, chance, kind, low, high = task
    found = []
    for protocol in PROTOCOLS:
        for share in SHARES:
            if (kind != "classification" and share < 1) or (protocol == "joint learning" and share < 0.1):
                continue
            lift = {"linear probe": 0.0, "fine-tune": 0.12, "feature augmentation": 0.15, "joint learning": 0.1}[
                protocol
            ]
            less = {0.01: 0.35, 0.1: 0.6, 1.0: 1.0}[share]
            score = chance + (low - chance + (high - low) * min(1.1, merit + lift)) * less
            found.append(
                {
                    "teacher": name,
                    "task": key,
                    "protocol": protocol,
                    "share": share,
                    "score": round(score, 2),
                    "spread": round(float(rng.uniform(0.2, 1.1)), 2) if kind == "classification" else None,
                    "seeds": 3 if kind == "classification" else 1,
                    "stage": "conv4" if protocol == "linear probe" else "",
                    "note": "",
                }
            )
    return found


def layers(merit: dict[str, float]) -> list[dict]:
    """A probe on every stage, for the first two tasks."""
    curve = (0.45, 0.7, 0.9, 1.0, 0.88)
    return [
        {"teacher": name, "task": task, "stage": stage, "score": round(low + (high - low) * value * bend, 2)}
        for task, low, high in (("caltech101", 12.0, 52.0), ("intel_scene", 50.0, 82.0))
        for name, value in merit.items()
        for stage, bend in zip(STAGES, curve, strict=True)
    ]


def ensembles() -> list[dict]:
    """Three pairs, two of them on the first task."""
    return [
        ensemble("colorization-rebalanced", "context-encoder-joint", "caltech101", 50.3, 46.0, 36.2),
        ensemble("colorization-rebalanced", "relative-position-dropping", "caltech101", 47.1, 46.0, 33.0),
        ensemble("split-brain-lab", "context-encoder-l2", "intel_scene", 74.0, 71.3, 72.5),
    ]


def ensemble(one: str, other: str, task: str, score: float, alone: float, other_alone: float) -> dict:
    """Two teachers side by side."""
    return {"teachers": [one, other], "task": task, "score": score, "parts": [alone, other_alone]}


def published(teacher: str, classification, detection, segmentation, pretraining) -> dict:
    """A row of the published table."""
    return {
        "teacher": teacher,
        "classification": classification,
        "detection": detection,
        "segmentation": segmentation,
        "pretraining": pretraining,
    }
