"""Relative position: where the patches lie, what is asked about them, and the figures, each against an independent derivation."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ssl_core import bench_position
from ssl_core.pretexts import build
from ssl_core.pretexts import relative_position as rp

SIZES = pytest.mark.parametrize("size", ["tiny", "small", "paper"])
OFFSETS = {
    "above left": (-1, -1), "above": (-1, 0), "above right": (-1, 1), "left": (0, -1),
    "right": (0, 1), "below left": (1, -1), "below": (1, 0), "below right": (1, 1),
}  # fmt: skip


@SIZES
def test_drawn_patches_stay_inside_and_never_touch(size):
    """Every patch at every jitter is drawn into a square, a pixel wider than it is: no pixel is drawn twice."""
    config = rp.RelativePosition.sizes[size]
    for seed in range(40):
        places = rp.corners(
            config.side, config.patch, config.gap, rp.draw_moves(1, config.jitter, np.random.default_rng(seed))
        )[0]
        assert places.min() >= 0 and (places + config.patch).max() <= config.side
        drawn = np.zeros((config.side + 1, config.side + 1), int)
        for top, left in places:
            drawn[top : top + config.patch + 1, left : left + config.patch + 1] += 1
        assert drawn.max() == 1
    assert config.gap - 2 * config.jitter > 0


@SIZES
def test_the_grid_is_centred_with_equal_gaps(size):
    config = rp.RelativePosition.sizes[size]
    rows = rp.corners(config.side, config.patch, config.gap).reshape(3, 3, 2)
    assert (np.diff(rows[..., 0], axis=0) == config.patch + config.gap).all()
    assert (np.diff(rows[..., 1], axis=1) == config.patch + config.gap).all()
    margin = rows[0, 0, 0], config.side - rows[2, 2, 0] - config.patch
    assert abs(margin[0] - margin[1]) <= 1


def test_jitter_reaches_its_bounds_in_both_directions_and_no_further():
    moves = rp.draw_moves(400, 3, np.random.default_rng(0))
    assert set(np.unique(moves)) == set(range(-3, 4))
    assert abs(moves.mean(axis=0)).max() < 0.5


def test_pairs_of_neighbours_against_a_count_by_hand():
    first, second, direction = rp.neighbours()
    assert len(set(zip(first, second, strict=True))) == 40  # 2 x 12 side by side, 2 x 8 at corners
    for a, b, d in zip(first, second, direction, strict=True):
        offset = (b // 3 - a // 3, b % 3 - a % 3)
        assert max(map(abs, offset)) == 1 and OFFSETS[rp.NAMES[d]] == offset
    assert (first[:8] == 4).all() and direction[:8].tolist() == list(range(8))


def test_a_batch_shows_the_pixels_of_its_places():
    """A picture whose pixels tell their own row and column: what is in a patch says where it was cut."""
    task = build("relative-position-plain", "small")
    side, patch = task.config.side, task.config.patch
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    image = torch.stack((rows, columns, torch.zeros_like(rows))).float().expand(3, 3, side, side) / 255
    batch = task.make_batch({"image": image}, np.random.default_rng(5))
    corner = (batch.inputs["image"][:, :2, 0, 0] * 255).round().int().reshape(3, 9, 2).numpy()
    grid = rp.corners(side, patch, task.config.gap)
    assert abs(corner - grid).max() <= task.config.jitter and (corner != grid).any()
    middle, other, _ = rp.neighbours()
    for photo in corner:
        moved = np.sign(np.rint((photo[other] - photo[middle]) / (patch + task.config.gap)))
        assert [tuple(move) for move in moved.astype(int)] == [rp.DIRECTIONS[d] for d in rp.neighbours()[2]]
    assert batch.targets["direction"].reshape(3, 40).tolist() == [rp.neighbours()[2].tolist()] * 3


def test_dropping_keeps_one_channel_and_hides_the_others():
    patches = torch.rand(300, 3, 8, 8) * 0.5
    dropped = rp.drop_colors(patches, 0.01, np.random.default_rng(0))
    kept = (dropped == patches).flatten(2).all(2)
    assert (kept.sum(1) == 1).all() and (kept.float().mean(0) - 1 / 3).abs().max() < 0.1
    noise, left = dropped[~kept], patches[kept]
    assert noise.mean().item() == pytest.approx(0.5, abs=1e-3)
    assert noise.std().item() == pytest.approx(0.01 * left.flatten(1).std(1).mean().item(), rel=0.1)


def test_a_whole_picture_gets_the_mean_answer_of_its_channels():
    """As after dropout: the first convolution of a whole picture is the mean over the three that keep one channel."""
    task = build("relative-position-dropping", "tiny").eval()
    conv, image = task.encoder.stages["conv1"][0][0], torch.rand(2, 3, 16, 16)
    alone = [torch.where(torch.eye(3)[channel].bool()[None, :, None, None], image, 0.5) for channel in range(3)]
    expected = torch.stack([conv(task.encoder.front(one, 1.0)) for one in alone]).mean(0)
    torch.testing.assert_close(conv(task.encoder.front(image)), expected, atol=1e-5, rtol=1e-4)
    plain = build("relative-position-plain", "tiny").encoder.front
    torch.testing.assert_close(plain(image), plain(image, 1.0))


def test_every_direction_counts_the_same():
    """Nine patches hold six pairs above one another but four at a corner; a wrong answer costs as much in both."""
    task = build("relative-position-plain", "tiny")
    direction = torch.from_numpy(rp.neighbours()[2])
    logits = torch.randn(40, 8)
    each = torch.nn.functional.cross_entropy(logits, direction, reduction="none")
    expected = torch.stack([each[direction == d].mean() for d in range(8)]).mean()
    torch.testing.assert_close(task.loss(logits, {"direction": direction})["cross entropy"], expected)


def test_a_guess_depends_on_its_own_two_patches_alone():
    task = build("relative-position-plain", "tiny").eval()
    task.fuse[-1].weight.data *= 1000  # an untrained network hardly moves its answers
    patches = np.random.default_rng(0).random((2, 9, 8, 8, 3), dtype=np.float32)
    before = task.guess(patches)
    assert before.shape == (2, 8, 8)
    np.testing.assert_allclose(before.sum(-1), 1, atol=1e-5)
    other = patches.copy()
    other[0, 0] = 1 - other[0, 0]
    after = task.guess(other)
    assert np.abs(after[0, 0] - before[0, 0]).max() > 1e-3
    np.testing.assert_allclose(after[0, 1:], before[0, 1:], atol=1e-4)
    np.testing.assert_allclose(after[1], before[1], atol=1e-4)
    pixels = (patches * 255).round().astype(np.uint8)
    np.testing.assert_allclose(task.guess(pixels), task.guess(pixels / np.float32(255)), atol=1e-4)


def test_the_paper_size_has_the_published_numbers():
    task = build("relative-position-dropping", "paper")
    config = task.config
    assert (config.patch, config.gap, config.jitter, config.noise) == (96, 48, 7, 0.01)
    assert [layer[0].out_features for layer in task.fuse[:2]] == [4096, 4096] and task.fuse[2].out_features == 8
    assert task.embed[0].out_features == 4096 and task.fuse[0][0].in_features == 2 * 4096
    with torch.no_grad():
        assert task.eval()({"image": torch.rand(9, 3, 96, 96)}).shape == (40, 8)


@pytest.mark.parametrize("shape", [(48, 48), (40, 90), (90, 33), (1, 7)])
def test_panels_of_any_shape(shape):
    task = build("relative-position-plain", "tiny").eval()
    image = torch.rand(1, 3, *shape)
    panels = task.panels({"image": image}, np.random.default_rng(1))
    assert list(panels)[-1] == "the truth"
    assert all(picture.shape == (*shape, 3) and 0 <= picture.min() <= picture.max() <= 1 for picture in panels.values())


class TestFigures:
    def test_against_counting(self):
        rng = np.random.default_rng(0)
        probabilities = rng.dirichlet(np.ones(8), (50, 8))
        found = bench_position.figures(probabilities)
        hits = dict.fromkeys(("accuracy", "row", "column", "mirrored"), 0)
        for photo in probabilities:
            for true, shares in enumerate(photo):
                (r, c), (said_r, said_c) = OFFSETS[rp.NAMES[true]], OFFSETS[rp.NAMES[int(shares.argmax())]]
                hits["accuracy"] += (r, c) == (said_r, said_c)
                hits["row"] += r == said_r
                hits["column"] += c == said_c
                hits["mirrored"] += c != 0 and (r, c) == (said_r, -said_c)
        for name, count in hits.items():
            assert found[f"{name}_percent"] == pytest.approx(100 * count / 400, abs=0.01)
        expected = -np.mean([np.log(photo[d, d]) for photo in probabilities for d in range(8)])
        assert found["cross_entropy_nats"] == pytest.approx(expected, abs=1e-3)

    def test_chance_is_what_a_die_scores(self):
        die = np.random.default_rng(0).random((20_000, 8, 8))
        rolled = bench_position.figures(die / die.sum(-1, keepdims=True))
        for key, figure in bench_position.chance().items():
            if key.endswith("percent"):
                assert rolled[key] == pytest.approx(figure, abs=0.5), key

    @SIZES
    def test_questions_are_about_the_whole_photograph(self, size):
        """Red says how far right a pixel lies, green how far down: so each patch tells where it was cut."""
        ramp = np.broadcast_to(np.arange(1, 256, 2, dtype=np.uint8), (128, 128))
        photo, config = np.stack((ramp, ramp.T, ramp), axis=-1), rp.RelativePosition.sizes[size]
        patches = bench_position.questions(SimpleNamespace(config=config), photo[None])[0]
        assert patches.shape == (9, config.patch, config.patch, 3) and patches.dtype == np.uint8
        step, slack = 256 * (config.patch + config.gap) / config.side, 256 * config.jitter / config.side + 1
        for number, patch in enumerate(patches):
            row, column = divmod(number, 3)
            expected = (128 + (column - 1) * step, 128 + (row - 1) * step)
            np.testing.assert_allclose(patch.mean(axis=(0, 1))[:2], expected, atol=slack)

    def test_a_report_names_the_cost_of_the_defence_and_knows_its_models(self):
        torch.manual_seed(0)
        models = {
            name: build(name, "tiny").eval() for name in ("relative-position-dropping", "relative-position-plain")
        }
        photos = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
        report = bench_position.report(photos, "noise", models, models.get)
        rows = {row["answer"]: row for row in report.rows}
        points = (
            rows["relative-position-dropping"]["accuracy_percent"] - rows["relative-position-plain"]["accuracy_percent"]
        )
        assert f"{points:+.1f} points" in report.remarks[0] and len(report.remarks) == 4
        assert report.scores("relative-position-plain")["confusion_percent"]["above"].keys() == set(rp.NAMES)
        assert rows["chance"]["accuracy_percent"] == 12.5 and "model" not in rows["chance"]
        again = bench_position.report(photos, "noise", models, models.get)
        assert again.rows == report.rows
