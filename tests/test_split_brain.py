"""The two halves: what each may see, what it is asked, and its figures, against brute force and the formula."""

import numpy as np
import pytest
import torch
from skimage import color as reference

from ssl_core import ab_bins, bench_split_brain
from ssl_core.color import rgb_to_lab
from ssl_core.photo import PhotoError
from ssl_core.pretexts import build, split_brain

NAME = "split-brain-lab"


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return build(NAME, "tiny").eval()


@pytest.fixture(scope="module")
def lab() -> np.ndarray:
    """A picture well inside the gamut, so that either half of it can be changed alone: (24, 24, 3)."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.uniform(35, 70, (24, 24, 1)), rng.uniform(-8, 8, (24, 24, 2))], -1)


def image_of(lab: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(reference.lab2rgb(lab)).permute(2, 0, 1)[None].float()


@pytest.mark.parametrize(("part", "sees_it"), [("lightness", 0), ("color", 1)])
def test_each_half_of_the_channels_sees_its_half_of_the_picture_only(tiny, lab, part, sees_it):
    other = lab.copy()
    if part == "lightness":
        other[..., 0] = 100 - other[..., 0]
    else:
        other[..., 1:] *= -1
    with torch.no_grad():
        one, two = tiny.encoder(image_of(lab)), tiny.encoder(image_of(other))
    for stage, width in tiny.encoder.widths.items():
        assert one[stage].shape[1] == width
        halves = zip(one[stage].chunk(2, 1), two[stage].chunk(2, 1), strict=True)
        changed = [((a - b).abs().max() / a.abs().max()).item() for a, b in halves]
        assert changed[sees_it] > 0.05
        assert changed[1 - sees_it] < 0.005


def test_the_halves_share_no_weight_and_get_no_gradient_from_each_other(tiny):
    batch = tiny.make_batch({"image": torch.rand(2, 3, 32, 32)}, np.random.default_rng(0))
    terms = tiny.loss(tiny(batch.inputs), batch.targets)
    for term, seen, unseen in (
        ("color from the other", "lightness", "color"),
        ("lightness from the other", "color", "lightness"),
    ):
        tiny.zero_grad(set_to_none=True)
        terms[term].backward(retain_graph=True)
        learned = {name for name, value in tiny.named_parameters() if value.grad is not None}
        assert learned == {name for name, _ in tiny.named_parameters() if f".{seen}." in name or f"s.{seen}" in name}
        assert not any(f"s.{unseen}." in name for name in learned)
    tiny.zero_grad(set_to_none=True)


def test_true_bins_against_brute_force(tiny):
    image = torch.rand(1, 3, 8, 8)
    found = tiny.true_bins(rgb_to_lab(image), (8, 8))
    lab = reference.rgb2lab(image[0].permute(1, 2, 0).numpy())
    bins = ab_bins.gamut_bins().numpy()
    distance = np.linalg.norm(lab[..., None, 1:] - bins, axis=-1)
    chosen = np.take_along_axis(distance, found["color"][0].numpy()[..., None], -1)[..., 0]
    np.testing.assert_allclose(chosen, distance.min(-1), atol=0.05)
    assert np.abs(found["lightness"][0].numpy() + 0.5 - lab[..., 0]).max() < 0.52


def test_the_loss_is_the_cross_entropy_of_each_half(tiny):
    batch = tiny.make_batch({"image": torch.rand(2, 3, 32, 32)}, np.random.default_rng(0))
    with torch.no_grad():
        said = tiny(batch.inputs)
        terms = tiny.loss(said, batch.targets)
    bins = tiny.true_bins(batch.targets["lab"], said["color"].shape[2:])
    for part in ("color", "lightness"):
        z = torch.softmax(said[part], 1).numpy()
        b, y, x = np.indices(bins[part].shape)
        expected = -np.log(z[b, bins[part].numpy(), y, x]).mean()
        assert terms[f"{part} from the other"].item() == pytest.approx(expected, rel=1e-4)
    assert said["color"].shape[1] == 261 and said["lightness"].shape[1] == 100


def test_expected_lightness_against_the_sum():
    z = np.random.default_rng(0).dirichlet(np.full(100, 0.1), 6).astype(np.float32)
    found = split_brain.expected_lightness(torch.from_numpy(np.log(z + 1e-30)).T[None, :, :, None])[0, 0, :, 0]
    np.testing.assert_allclose(found, z @ (np.arange(100) + 0.5), rtol=1e-4)


@pytest.mark.parametrize("size", [(33, 57), (200, 40), (1, 1), (300, 300)])
def test_photographs_of_any_size(tiny, size):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    pictures = tiny.predict(photo).pictures()
    assert len(pictures) == 5
    for picture in (*pictures.values(), tiny.colorize(photo)):
        assert picture.shape == (*size, 3) and picture.min() >= 0 and picture.max() <= 1
    with pytest.raises(PhotoError):
        tiny.predict(np.zeros((4, 4, 2)))


def test_pictures_show_what_their_names_say(tiny, lab):
    photo = reference.lab2rgb(lab).astype(np.float32)
    found = {name: reference.rgb2lab(picture) for name, picture in tiny.predict(photo).pictures(1.0).items()}
    for name in ("lightness seen", "colours said"):
        np.testing.assert_allclose(found[name][..., 0], lab[..., 0], atol=0.5)
    for name in ("lightness seen", "lightness said"):
        assert np.abs(found[name][..., 1:]).max() < 0.5
    np.testing.assert_allclose(found["colours seen"][..., 0], split_brain.SHOWN_AT, atol=0.5)
    np.testing.assert_allclose(found["colours seen"][..., 1:], lab[..., 1:], atol=0.5)
    np.testing.assert_allclose(found["both said"][..., 0], found["lightness said"][..., 0], atol=0.5)


def test_paper_size_has_the_published_counts():
    bins = len(ab_bins.gamut_bins())
    with torch.device("meta"):
        task = build(NAME, "paper")
    assert task.encoder.widths == {
        "conv1": 96, "conv2": 256, "conv3": 384, "conv4": 384, "conv5": 256, "fc6": 4096, "fc7": 4096,
    }  # fmt: skip
    assert task.decoders["lightness"].head.out_channels == bins and task.decoders["color"].head.out_channels == 100
    assert task.config.side == 180


class TestBench:
    def test_a_constant_costs_the_entropy_of_the_bins(self, tiny):
        photos = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
        constant = bench_split_brain.constant_of(tiny, photos, (8, 8))
        found = bench_split_brain.nats_of_constant(tiny, photos, (8, 8), constant)
        lab = rgb_to_lab(torch.from_numpy(photos).permute(0, 3, 1, 2) / 255.0)
        for part, bins in tiny.true_bins(lab, (8, 8)).items():
            counts = np.bincount(bins.flatten(), minlength=len(constant[part]))
            assumed = (counts + 1) / (counts + 1).sum()
            assert found[part] == pytest.approx(-(counts / counts.sum() * np.log(assumed)).sum(), rel=1e-5)

    def test_a_network_is_charged_its_own_loss(self, tiny):
        photos = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
        batch = tiny.make_batch({"image": torch.from_numpy(photos).permute(0, 3, 1, 2) / 255.0}, None)
        with torch.no_grad():
            terms = tiny.eval().loss(tiny(batch.inputs), batch.targets)
        nats = bench_split_brain.nats_of(tiny, photos)
        for part in bench_split_brain.PARTS:
            assert nats[part] == pytest.approx(terms[f"{part} from the other"].item(), rel=1e-5)

    def test_the_report_states_what_is_better_than_the_constant(self, tiny):
        photos = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
        report = bench_split_brain.report(photos, "four", photos, (NAME,), lambda name: tiny)
        constant, untrained, trained = report.rows
        assert constant["color_gain_nats"] == 0 and untrained["answer"].endswith("untrained")
        for part in bench_split_brain.PARTS:
            gain = constant[f"{part}_nats"] - trained[f"{part}_nats"]
            assert trained[f"{part}_gain_nats"] == pytest.approx(gain, abs=2e-4)
        assert report.scores(NAME).keys() == {
            f"{p}_{f}" for p in bench_split_brain.PARTS for f in ("nats", "gain_nats")
        }
