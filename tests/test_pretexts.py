"""One contract for every pretext task: what the trainer, the page and the benchmark rely on."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ssl_core import checkpoint
from ssl_core.pretext import blend_weights
from ssl_core.pretexts import PRETEXTS, build, model_names
from ssl_core.receptive_field import receptive_field
from ssl_core.trainer import train
from ssl_core.training_run import Plan

UNTRAINED = [
    f"{method}-{variant}"
    for method, pretext in PRETEXTS.items()
    for variant, about in pretext.variants.items()
    if not about.recipes
]
everyone = pytest.mark.parametrize("name", [*model_names(), *UNTRAINED])
learners = pytest.mark.parametrize("name", model_names())


def photographs(side, count=4, seed=0):
    """Smooth coloured blobs: something that a tiny network can learn."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.random((count, 3, 4, 4), dtype=np.float32))
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)


# Four photographs' sentences, for tasks that need words; more different words than a sentence has, so that there is a choice.
SENTENCES = [
    [f"the a {word}", f"the a {word} {word}s"] for word in ("dog", "cat", "boat", "tree", "bird", "car", "sea", "hat")
]
# Their classes, for tasks that need labels.
LABELS = [f"pets/{name}" for name in ("dog", "cat", "bird", "fish")]


def make(name, seed=0, size="tiny"):
    torch.manual_seed(seed)
    task = build(name, size)
    if "words" in task.needs:
        task.read_words(SENTENCES)
    if "label" in task.needs:
        task.read_labels(LABELS)
    return task


def raw_of(task, count=4, side=None):
    raw = {"image": photographs(side or task.config.side, count)}
    return raw | {key: notes[:count] for key, notes in (("words", SENTENCES), ("label", LABELS)) if key in task.needs}


def batch_of(task, seed=0):
    return task.make_batch(raw_of(task), np.random.default_rng(seed))


def players_losses(task, batch):
    outputs = task(batch.inputs)
    return {player.name: player.loss(outputs, batch.targets) for player in task.players()}


@everyone
def test_same_seed_same_batch(name):
    first, second, other = (batch_of(make(name), seed) for seed in (1, 1, 2))
    for part in ("inputs", "targets"):
        one, two = getattr(first, part), getattr(second, part)
        assert one.keys() == two.keys()
        assert all(torch.equal(one[key], two[key]) for key in one)
    if name.startswith("context-encoder"):
        assert not torch.equal(first.inputs["hidden"], other.inputs["hidden"])


@everyone
def test_a_batch_does_not_change_the_photographs(name):
    task = make(name)
    raw = raw_of(task)
    before = raw["image"].clone()
    task.make_batch(raw, np.random.default_rng(0))
    assert torch.equal(raw["image"], before)


@learners
def test_every_parameter_learns(name):
    task = make(name).train()
    batch = batch_of(task)
    outputs = task(batch.inputs)
    learned = set()
    for player in task.players():
        task.zero_grad()
        total = sum(player.loss(outputs, batch.targets).values())
        total.backward(inputs=player.parameters, retain_graph=True)
        assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in player.parameters)
        assert learned.isdisjoint(map(id, player.parameters)), "two players own one parameter"
        learned |= set(map(id, player.parameters))
    assert learned == set(map(id, task.parameters()))


@learners
def test_loss_terms_are_finite_scalars_that_are_not_negative(name):
    task = make(name).train()
    for terms in players_losses(task, batch_of(task)).values():
        assert terms
        for value in terms.values():
            assert value.shape == () and torch.isfinite(value) and value >= 0


@learners
def test_one_batch_can_be_learned_by_heart(name):
    task = make(name).train()
    batch = batch_of(task)
    first = task.players()[0]
    optimizer = torch.optim.Adam(first.parameters, 1e-2)
    course = []
    for _ in range(60):
        # The adversarial term has no floor while the judge stands still, so only the other terms are watched.
        terms = first.loss(task(batch.inputs), batch.targets)
        watched = sum(value for term, value in terms.items() if term != "adversarial")
        optimizer.zero_grad()
        watched.backward()
        optimizer.step()
        course.append(watched.item())
    assert course[-1] < 0.6 * course[0]


@learners
def test_a_checkpoint_gives_back_the_same_network(name, tmp_path):
    task = make(name).eval()
    for parameter in task.parameters():  # half precision must not hide an error
        parameter.data = parameter.data.half().float()
    checkpoint.save(task, tmp_path / name, {"sources": []})
    again = checkpoint.load(tmp_path / name)
    batch, picture = batch_of(task), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        mine, theirs = task.encoder(picture), again.encoder(picture)
        assert all(torch.equal(mine[stage], theirs[stage]) for stage in mine)
        assert players_losses(task, batch) == players_losses(again, batch)
    assert again.name == name and again.config == task.config


@everyone
def test_uses_only_the_data_it_asks_for(name):
    task = make(name)

    class Watched(dict):
        def __getitem__(self, key):
            assert key in task.needs
            return super().__getitem__(key)

    task.make_batch(Watched(raw_of(task)), np.random.default_rng(0))


@everyone
def test_panels_are_pictures(name):
    task = make(name).eval()
    panels = task.panels({"image": photographs(48, 1)}, np.random.default_rng(0))
    assert len(panels) >= 2
    for caption, picture in panels.items():
        assert caption and picture.shape == (48, 48, 3) and picture.dtype == np.float32
        assert picture.min() >= 0 and picture.max() <= 1


@everyone
def test_says_what_it_was_asked(name):
    task = make(name)
    assert task.departs.endswith(".") and task.asked.endswith(".") and task.question.endswith("?") and task.name == name
    assert task.variants[task.variant].recipes.keys() == ({"cpu", "cuda"} if task.players() else set())
    assert task.paper.year and task.paper.url.startswith("https://") and "-" not in task.variant


@learners
def test_the_encoder_takes_rgb_and_names_its_stages(name):
    task = make(name).eval()
    stages = task.encoder(photographs(task.config.side))
    assert list(stages)[:5] == ["conv1", "conv2", "conv3", "conv4", "conv5"]
    assert all(stages[stage].shape[1] == width for stage, width in task.encoder.widths.items())
    assert all(receptive_field(task.encoder, stage).size > 0 for stage in task.encoder.widths)


@pytest.mark.parametrize("size", ["tiny", "small", "paper"])
@learners
def test_the_network_takes_the_smallest_pictures_of_its_recipes(name, size):
    task = make(name, size=size).eval()
    recipes = task.variants[task.variant].recipes.values()
    sides = [
        recipe.side(until - 1e-9, task.config.side, task.least_side) for recipe in recipes for until, _ in recipe.scales
    ]
    batch = task.make_batch(raw_of(task, 1, min(sides)), np.random.default_rng(0))
    with torch.no_grad():
        terms = task.players()[0].loss(task(batch.inputs), batch.targets)
    assert all(torch.isfinite(value) for value in terms.values())


def test_training_pictures_are_as_large_as_the_network_needs():
    """The paper's denoising autoencoder is a layer of 28 x 28 pixels, which the recipe would halve."""
    task = build("denoising-autoencoder-mixed", "paper")
    recipe = replace(task.variants["mixed"].recipes["cpu"], batch=2)
    pictures = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 3), np.uint8)
    (step,) = train(task, [pictures], Plan(recipe, steps=1))
    assert step.side == 28 and recipe.side(0, 28) == 14


@learners
def test_a_variant_starts_from_its_trunk(name):
    task = make(name)
    trunk = task.variants[task.variant].trunk
    if trunk is None:
        return
    teacher = make(trunk, seed=1)
    task.start_from(teacher)
    photos = photographs(task.config.side)
    mine, theirs = task.eval().encoder(photos), teacher.eval().encoder(photos)
    # what is taken over may differ in shape, not in effect
    assert all(torch.allclose(mine[stage], theirs[stage], atol=1e-6) for stage in theirs)


@pytest.mark.parametrize("name", UNTRAINED)
def test_what_nobody_trains_has_nothing_to_train(name):
    task = make(name)
    assert not list(task.parameters()) and not task.players() and name not in model_names()


def test_an_unknown_model_is_named_with_those_that_exist():
    with pytest.raises(KeyError, match="no model called colorisation"):
        build("colorisation")


def test_methods_are_named_like_their_keys():
    assert all(key == pretext.method for key, pretext in PRETEXTS.items())


def test_weights_can_be_moved_back_towards_their_trunk():
    task, trunk = make("context-encoder-joint"), make("context-encoder-l2", seed=1)
    before = {key: value.clone() for key, value in task.state_dict().items()}
    blend_weights(task, trunk, 0.25)
    for key, value in trunk.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(task.state_dict()[key], 0.75 * value + 0.25 * before[key])
    assert all(torch.equal(task.state_dict()[key], before[key]) for key in before if key.startswith("judge"))
