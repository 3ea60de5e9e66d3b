"""Activation maximisation: the unit must fire more and more, on a picture; the same seed draws the same picture."""

import numpy as np
import pytest
import torch

from ssl_core import activation_maximization as ascent
from ssl_core.activation_maximization import FourierPicture, maximize, maximize_once, moved, prepared
from ssl_core.pretexts import build


@pytest.fixture(scope="module", params=["context-encoder-l2", "colorization-classification"])
def model(request):
    torch.manual_seed(0)
    return build(request.param, "tiny").eval()


@pytest.mark.parametrize("stage", ["conv2", "conv5"])
def test_the_unit_fires_more_and_more(model, stage):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    shown = list(maximize(model, stage, 1, steps=48, side=48))
    assert shown[-1].mean > 1.3 * shown[0].mean >= 0 and shown[-1].step == shown[-1].steps == 48
    assert all(one.picture.shape == (48, 48, 3) and one.picture.dtype == np.uint8 for one in shown)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_figures_are_those_of_the_picture_that_is_shown(model):
    last = list(maximize(model, "conv3", 2, steps=12, side=48))[-1]
    image = torch.from_numpy(last.picture).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        answer = model.encoder(image)["conv3"][0, 2]
    assert float(answer.mean()) == pytest.approx(last.mean, abs=1e-5)
    assert float(answer.max()) == pytest.approx(last.peak, abs=1e-5)


def test_a_seed_is_a_picture(model):
    one, two, other = (list(maximize(model, "conv4", 0, seed, steps=8, side=32))[-1].picture for seed in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_what_sees_lightness_only_is_drawn_in_grey(model):
    picture = list(maximize(model, "conv3", 0, steps=8, side=32))[-1].picture
    assert (np.ptp(picture, axis=2).max() == 0) == (model.encoder.front.channels == 1)


def test_a_drawn_picture_is_kept_and_a_damaged_one_drawn_anew(model, tmp_path, monkeypatch):
    monkeypatch.setattr(ascent, "STEPS", 16)
    monkeypatch.setattr(ascent.maximize, "__defaults__", (0, 16, 32))
    first = list(maximize_once(model, "conv3", 1, folder=tmp_path))
    again = list(maximize_once(model, "conv3", 1, folder=tmp_path))
    assert len(first) == 2 and len(again) == 1
    assert np.array_equal(again[0].picture, first[-1].picture) and again[0][1:] == pytest.approx(first[-1][1:])
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-50])
    assert len(list(maximize_once(model, "conv3", 1, folder=tmp_path))) == 2


def test_silent_units_are_woken_only_at_first(model):
    twin = prepared(model.encoder)
    relus = [module for module in twin.modules() if isinstance(module, ascent.RedirectedReLU)]
    assert relus and not any(isinstance(module, torch.nn.ReLU) for module in twin.modules())
    ascent.close(twin, "conv3")
    still = [module for module in twin.stages["conv3"].modules() if isinstance(module, ascent.RedirectedReLU)]
    assert [relu for relu in relus if relu.open] == still[-1:]
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        mine, theirs = twin(image), model.encoder(image)
    assert all(torch.equal(mine[stage], theirs[stage]) for stage in mine)


def test_a_silent_unit_passes_on_only_what_would_wake_it():
    features = torch.tensor([-1.0, -1.0, 2.0, 2.0], requires_grad=True)
    (ascent.Redirect.apply(features) * torch.tensor([1.0, -1.0, 1.0, -1.0])).sum().backward()
    assert features.grad.tolist() == [0, -1, 1, -1]


def test_a_fourier_picture_starts_as_soft_noise_in_range():
    picture = FourierPicture(64, torch.Generator().manual_seed(0))().detach()
    assert picture.shape == (1, 3, 64, 64) and 0.3 < float(picture.min()) < float(picture.max()) < 0.7
    spectrum = torch.fft.rfft2(picture[0].mean(0) - picture.mean()).abs()
    low, high = spectrum[1:4, 1:4].mean(), spectrum[28:36, 28:].mean()
    assert low > 4 * high  # most of the energy is in broad forms, as in photographs


def test_moving_keeps_the_shape_and_most_of_the_picture():
    generator, picture = torch.Generator().manual_seed(0), torch.zeros(1, 3, 64, 64)
    picture[..., 24:40, 24:40] = 1
    shifts = [moved(picture, generator) for _ in range(8)]
    assert all(one.shape == picture.shape and 0.6 < float(one.sum() / picture.sum()) < 1.6 for one in shifts)
    assert not torch.equal(shifts[0], shifts[1])
