"""Pooled features of frozen encoders: what they are, how they are kept, and why statistics come first."""

import numpy as np
import pytest
import torch

from ssl_core import networks
from ssl_core.probe_features import MOST, calibrate, feature_steps, pool_grid
from ssl_core.transfer_tasks import Split, TransferTask


def drain(steps):
    said = []
    while True:
        try:
            said.append(next(steps))
        except StopIteration as finished:
            return finished.value, said


def small_task(counts=(40, 9, 12), side=32, seed=0):
    rng = np.random.default_rng(seed)
    splits = [
        Split(rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8), np.arange(count) % 3) for count in counts
    ]
    return TransferTask("noise", "Noise", "", ("a", "b", "c"), *splits)


def encoder_of(seed=0, layout=networks.TINY):
    torch.manual_seed(seed)
    return networks.Encoder(layout, networks.SignedRgb())


@pytest.fixture(scope="module")
def task():
    return small_task()


def test_every_stage_is_pooled_to_its_grid(task, tmp_path):
    """Against means over blocks of the maps, taken by hand."""
    encoder = encoder_of()
    features, _ = drain(feature_steps(encoder, "t", task, tmp_path))
    assert features.stages == ("conv1", "conv2", "conv3", "conv4", "conv5") and features.task_key == task.key
    for part in ("train", "choice", "test"):
        pictures = getattr(task, part).pictures
        with torch.no_grad():
            maps = encoder(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)
        for stage, found in getattr(features, part).items():
            whole = maps[stage].numpy()
            grid = pool_grid(*whole.shape[1:])
            assert found.dtype == np.float16 and found.shape == (len(pictures), whole.shape[1] * grid * grid)
            size = whole.shape[2]
            # Blocks of adaptive pooling: from floor(i h / g) to ceil((i + 1) h / g).
            edges = [(i * size // grid, -(-(i + 1) * size // grid)) for i in range(grid)]
            blocks = np.stack([whole[..., a:b, c:d].mean((2, 3)) for a, b in edges for c, d in edges], axis=2)
            assert np.allclose(found, blocks.reshape(len(pictures), -1), atol=2e-3)


def test_the_shipped_encoder_has_about_as_many_features_at_every_stage():
    sizes = {
        width: width * pool_grid(width, grid, grid) ** 2 for width, grid in ((48, 32), (96, 16), (128, 16), (192, 8))
    }
    assert sizes == {48: 768, 96: 864, 128: 512, 192: 768} and max(sizes.values()) <= MOST


def test_features_are_computed_once_and_go_on_where_they_stopped(tmp_path):
    task, encoder, seen = small_task((300, 5, 5), 16), encoder_of(), []
    encoder.register_forward_hook(lambda *call: seen.append(len(call[1][0])))
    steps = feature_steps(encoder, "t", task, tmp_path)
    while next(steps).done < 260:  # the first chunk of 256 is kept
        pass
    steps.close()
    first = sum(seen)
    whole, said = drain(feature_steps(encoder, "t", task, tmp_path))
    assert said[-1].done == said[-1].total == 310 and sorted(step.done for step in said) == [step.done for step in said]
    assert sum(seen) - first <= 310 - 256 + 1 + 1  # and one blank picture each time, for the names of the stages
    before = sum(seen)
    again, _ = drain(feature_steps(encoder, "t", task, tmp_path))
    assert sum(seen) - before == 1
    assert all((again.train[stage] == whole.train[stage]).all() for stage in whole.stages)


def test_a_damaged_file_is_made_again(task, tmp_path):
    encoder = encoder_of()
    whole, _ = drain(feature_steps(encoder, "t", task, tmp_path))
    for file in tmp_path.rglob("*.safetensors"):
        data = bytearray(file.read_bytes())
        data[-7] ^= 255
        file.write_bytes(bytes(data))
    again, _ = drain(feature_steps(encoder, "t", task, tmp_path))
    assert all((again.test[stage] == whole.test[stage]).all() for stage in whole.stages)


def test_other_weights_and_other_pictures_have_features_of_their_own(task, tmp_path):
    one, _ = drain(feature_steps(encoder_of(0), "t", task, tmp_path))
    other, _ = drain(feature_steps(encoder_of(1), "t", task, tmp_path))
    third, _ = drain(feature_steps(encoder_of(0), "t", small_task(seed=1), tmp_path))
    assert not (one.train["conv5"] == other.train["conv5"]).all()
    assert not (one.train["conv5"] == third.train["conv5"]).all()


def test_a_full_disk_does_not_stop_the_work(task, tmp_path):
    (tmp_path / "file").write_text("in the way")
    features, said = drain(feature_steps(encoder_of(), "t", task, tmp_path / "file"))
    assert len(features.test["conv1"]) == 12 and "could not be kept" in said[-1].note


def test_calibration_measures_the_statistics_of_the_pictures():
    """The first normalisation against means and variances of its inputs, computed apart."""
    rng = np.random.default_rng(0)
    pictures = (rng.random((128, 32, 32, 3)) * 60 + 20 * np.arange(128)[:, None, None, None] / 16).astype(np.uint8)
    encoder = encoder_of()
    weights = [parameter.clone() for parameter in encoder.parameters()]
    calibrate(encoder, pictures)
    assert not any(module.training for module in encoder.modules())
    assert all(torch.equal(a, b) for a, b in zip(weights, encoder.parameters(), strict=True))
    convolution, norm, _ = encoder.stages["conv1"][0]
    assert norm.momentum == 0.1
    with torch.no_grad():
        found = convolution(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 * 2 - 1)
    assert torch.allclose(norm.running_mean, found.mean((0, 2, 3)), atol=1e-4)
    # Batches of a sorted stack would lose the spread between them; drawn in a random order they hold nearly all of it.
    assert torch.allclose(norm.running_var, found.var((0, 2, 3)), rtol=0.05)


def test_without_calibration_features_of_random_weights_fade():
    pictures = np.random.default_rng(0).integers(0, 256, (64, 64, 64, 3), dtype=np.uint8)
    encoder = encoder_of(layout=networks.SMALL).eval()
    image = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        faded = encoder(image)["conv5"].std()
        calibrate(encoder, pictures)
        whole = encoder(image)["conv5"].std()
    assert faded < 0.1 < 0.4 < whole


def test_calibration_needs_two_pictures():
    with pytest.raises(ValueError, match="two pictures"):
        calibrate(encoder_of(), np.zeros((1, 32, 32, 3), np.uint8))
