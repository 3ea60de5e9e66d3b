"""The detectors on pictures that were spoilt in one way: the one for that way answers, those for the other ways keep quiet."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from ssl_core import failures, masks
from ssl_core.color import lab_to_rgb
from ssl_core.failures import MODES, judge_color, judge_fill, modes, to_lab
from ssl_core.photo import PhotoError, square
from ssl_core.starter import starter

COLORFUL = ("coffee", "china", "flower", "astronaut", "motorcycle", "hopper")
CENTER = masks.central_region(128, 128)


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Six colourful photographs, (128, 128, 3) float32 in [0, 1]."""
    return [square(photo.load(640), 128) / np.float32(255) for photo in starter() if photo.name in COLORFUL]


def with_ab(photo: np.ndarray, change) -> np.ndarray:
    """A photograph whose a and b, (H, W) complex, have been changed; as a picture, so that it is a colouring that could come out."""
    lab = to_lab(photo)
    ab = change(lab[..., 1] + 1j * lab[..., 2])
    spoilt = np.stack([lab[..., 0], ab.real, ab.imag]).astype(np.float32)
    return lab_to_rgb(torch.from_numpy(spoilt)).movedim(0, -1).numpy()


def slow_noise(size: float) -> np.ndarray:
    """Smooth noise of standard deviation 1, (128, 128)."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(128, 128)), size)
    return noise / noise.std()


def opposite(ab: np.ndarray) -> np.ndarray:
    """Reds become blue and blues red, at the same chroma."""
    hue = np.degrees(np.angle(ab))
    red, blue = (hue + 30) % 360 <= 85, (hue - 220) % 360 <= 95
    turned = np.where(red, 270.0, np.where(blue, 20.0, hue))
    return np.abs(ab) * np.exp(1j * np.radians(turned))


def halves(ab: np.ndarray) -> np.ndarray:
    """The complementary colours in the right half."""
    return np.where(np.arange(ab.shape[1]) >= ab.shape[1] // 2, -ab, ab)


def blurred(ab: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(ab.real, 3) + 1j * ndimage.gaussian_filter(ab.imag, 3)


def rims(photo: np.ndarray) -> np.ndarray:
    """A pink rim along the edges of the lightness."""
    light = to_lab(photo)[..., 0]
    edge = np.hypot(*(ndimage.gaussian_filter(light, 1, order=order) for order in ((1, 0), (0, 1)))) > 4
    return with_ab(photo, lambda ab: ab + 30 * ndimage.maximum_filter(edge, 3))


SPOILT = {
    "red-blue": lambda photo: with_ab(photo, opposite),
    "sepia": lambda photo: with_ab(photo, lambda ab: np.full_like(ab, 6 + 18j)),
    "inconsistent": lambda photo: with_ab(photo, halves),
    "desaturated": lambda photo: with_ab(photo, lambda ab: 0.3 * ab),
    "edge-pollution": rims,
    "inconsistent-chroma": lambda photo: with_ab(photo, lambda ab: ab * np.exp(0.8 * slow_noise(6))),
    "inconsistent-hue": lambda photo: with_ab(photo, lambda ab: ab * np.exp(1j * np.radians(60 * slow_noise(10)))),
    "bleeding": lambda photo: with_ab(photo, lambda ab: np.roll(ab, 6, axis=1)),
}
HARMLESS = {
    "the photo itself": lambda photo: photo,
    "a little paler": lambda photo: with_ab(photo, lambda ab: 0.75 * ab),
    "a little more vivid": lambda photo: with_ab(photo, lambda ab: 1.2 * ab),
    "a faint yellow cast": lambda photo: with_ab(photo, lambda ab: ab + 4j),
    "colours blurred": lambda photo: with_ab(photo, blurred),
}


LEAST = dict.fromkeys(SPOILT, 5) | {
    "red-blue": 3,
    "sepia": 3,
    "inconsistent-hue": 3,
}  # red, blue, not brown, not grey: not all are


@pytest.fixture(scope="module")
def shown(photos) -> dict[str, dict[str, int]]:
    """For every way of spoiling, and for the harmless changes: on how many photographs each detector is over its threshold."""

    def count(spoil) -> dict[str, int]:
        found = [judge_color(spoil(photo), photo) for photo in photos]
        return {mode.id: sum(one[mode.id].score >= mode.threshold for one in found) for mode in modes("colorize")}

    return {case: count(spoil) for case, spoil in (SPOILT | HARMLESS).items()}


class TestColor:
    @pytest.mark.parametrize("mode", SPOILT)
    def test_what_was_spoilt_is_found(self, mode, shown):
        assert shown[mode][mode] >= LEAST[mode]

    @pytest.mark.parametrize("case", HARMLESS)
    def test_what_is_harmless_triggers_nothing(self, case, shown):
        assert shown[case] == dict.fromkeys(SPOILT, 0)

    @pytest.mark.parametrize(
        ("spoilt", "quiet"),
        [
            ("desaturated", set(SPOILT) - {"desaturated"}),
            ("sepia", {"inconsistent", "edge-pollution", "inconsistent-chroma", "inconsistent-hue"}),
            ("inconsistent", {"desaturated", "inconsistent-chroma", "bleeding", "edge-pollution"}),
            ("inconsistent-chroma", {"red-blue", "sepia", "desaturated", "inconsistent-hue", "bleeding"}),
            ("inconsistent-hue", {"sepia", "desaturated", "inconsistent-chroma", "bleeding"}),
            ("bleeding", {"sepia", "desaturated", "inconsistent-hue", "inconsistent"}),
            ("edge-pollution", {"red-blue", "sepia", "desaturated", "inconsistent", "bleeding"}),
        ],
    )
    def test_other_detectors_keep_quiet(self, spoilt, quiet, shown):
        assert {mode: count for mode, count in shown[spoilt].items() if mode in quiet and count > 1} == {}

    def test_a_perfect_colouring_scores_nothing(self, photos):
        for photo in photos:
            found = judge_color(photo, photo)
            assert {mode: finding.score for mode, finding in found.items() if finding.score > 1e-6} == {}
            assert all(not finding.where.any() or finding.where.max() < 1e-3 for finding in found.values())

    def test_the_maps_say_where(self):
        truth = np.full((128, 128, 3), (0.8, 0.2, 0.2), np.float32)
        painted = truth.copy()
        painted[32:64, 64:96] = (0.2, 0.2, 0.8)
        inside = np.zeros((128, 128), bool)
        inside[32:64, 64:96] = True
        found = judge_color(painted, truth)
        assert ((found["red-blue"].where > 0) == inside).all()
        assert found["red-blue"].score == pytest.approx(100 * 32 * 32 / 128**2)
        assert found["inconsistent-hue"].where[inside].mean() > 10 * found["inconsistent-hue"].where[:, :40].mean()
        assert judge_color(np.where(inside[..., None], 0.5, truth), truth)["desaturated"].where[inside].min() > 30

    def test_regions_are_found_where_the_truth_is_of_one_colour(self):
        truth = np.full((128, 128, 3), (60.0, 40.0, 20.0))
        truth[:, 64:] = (60.0, -40.0, 20.0)
        regions = failures.failures_color.one_color_regions(truth)
        assert regions[50, 10] and regions[50, 100] and regions[50, 10] != regions[50, 100]
        truth[..., 1:] += np.random.default_rng(0).normal(0, 30, (128, 128, 2))
        assert not failures.failures_color.one_color_regions(truth).any()

    def test_a_grey_photo_is_judged_where_that_makes_sense(self, photos):
        grey = np.repeat(photos[0].mean(-1, keepdims=True), 3, axis=-1)
        sepia = with_ab(grey, lambda ab: np.full_like(ab, 6 + 18j))
        found = judge_color(sepia, grey, has_color=False)
        assert set(found) == {mode.id for mode in modes("colorize") if not mode.needs_color}
        assert found["sepia"].score > 60
        toned = judge_color(sepia, sepia, has_color=False)  # a toned print is no truth about colours
        assert toned["sepia"].score > 60

    @pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (20, 300)])
    def test_any_size_is_judged(self, size):
        rng = np.random.default_rng(0)
        painted, truth = rng.random((2, *size, 3), np.float32)
        for mode, finding in judge_color(painted, truth).items():
            assert np.isfinite(finding.score) and finding.score >= 0, mode
            assert np.isfinite(finding.where).all() and finding.where.shape == failures.reduced(truth).shape[:2]

    def test_two_sizes_are_refused(self):
        with pytest.raises(PhotoError, match="size of the photo"):
            judge_color(np.zeros((4, 4, 3)), np.zeros((4, 5, 3)))


class TestFill:
    def fill(self, photo: np.ndarray, change) -> np.ndarray:
        return np.where(CENTER[..., None], np.clip(change(photo), 0, 1), photo).astype(np.float32)

    def over(self, mode: str, change, photos) -> int:
        threshold = {one.id: one.threshold for one in MODES}[mode]
        return sum(judge_fill(self.fill(photo, change), photo, CENTER)[mode].score >= threshold for photo in photos)

    def test_blur_is_found_and_is_no_seam(self, photos):
        smooth = lambda photo: ndimage.gaussian_filter(photo, (1.5, 1.5, 0))  # noqa: E731
        assert self.over("blur", smooth, photos) == len(photos)
        assert self.over("seam", smooth, photos) == 0

    def test_a_lighter_fill_has_a_seam_and_no_blur(self, photos):
        lighter = lambda photo: photo * 0.8 + 0.1  # noqa: E731
        assert self.over("seam", lighter, photos) >= 5
        assert self.over("blur", lighter, photos) == 0

    def test_the_truth_and_what_is_near_it_have_neither(self, photos):
        grain = lambda photo: photo + np.random.default_rng(0).normal(0, 0.01, photo.shape)  # noqa: E731
        for change in (lambda photo: photo, grain, lambda photo: photo * 0.97 + 0.01):
            assert [self.over(mode, change, photos) for mode in ("blur", "seam")] == [0, 0]

    def test_a_smooth_surface_cannot_be_blurred(self):
        sky = np.repeat(np.linspace(0.4, 0.6, 128)[:, None, None], 128, axis=1).repeat(3, axis=2)
        assert judge_fill(self.fill(sky, lambda photo: photo * 0 + 0.5), sky, CENTER)["blur"].score == 0

    def test_a_seam_lies_on_the_outline(self, photos):
        found = judge_fill(self.fill(photos[0], lambda photo: photo * 0 + 1), photos[0], CENTER)["seam"]
        outline = ndimage.maximum_filter(CENTER, 5) & ~ndimage.minimum_filter(CENTER, 5)
        assert found.where[outline].max() > 5 and not found.where[~outline].any()

    def test_no_hole_is_no_failure_and_a_whole_hole_has_no_seam(self, photos):
        none, whole = np.zeros((128, 128), bool), np.ones((128, 128), bool)
        assert all(finding.score == 0 for finding in judge_fill(photos[0] * 0, photos[0], none).values())
        assert judge_fill(photos[0] * 0, photos[0], whole)["seam"].score == 0

    def test_the_hole_is_reduced_with_the_picture(self, photos):
        large = np.repeat(np.repeat(photos[0], 3, axis=0), 3, axis=1)
        hidden = np.repeat(np.repeat(CENTER, 3, axis=0), 3, axis=1)
        ours, theirs = (np.where(hole[..., None], 0.5, photo) for hole, photo in ((hidden, large), (CENTER, photos[0])))
        small, same = judge_fill(ours, large, hidden), judge_fill(theirs, photos[0], CENTER)
        assert small["blur"].score == pytest.approx(same["blur"].score, abs=1e-3)
        assert small["seam"].score == pytest.approx(same["seam"].score, abs=1e-3)


def test_each_mode_says_what_a_person_needs_to_know():
    assert len({mode.id for mode in MODES}) == len(MODES) == 10
    for mode in MODES:
        assert (
            mode.asks.endswith("?") and mode.because.endswith(".") and mode.unit and mode.threshold > 0 and mode.top > 0
        )
        assert mode.task in failures.TASKS and mode.detect.__doc__
