"""Model cards: what they say of a network is true of this one, whatever its size and its data."""

import re
import shlex

import pytest

from ssl_core import cards, checkpoint
from ssl_core.__main__ import parser
from ssl_core.pretexts import PRETEXTS, build

NAME = "context-encoder-l2"
SAID = {
    "small": "a lean network, not the published one",
    "paper": "a network of the published size",
    "tiny": "a tiny network, for tests",
}


@pytest.fixture
def card(tmp_path):
    """Writes the card of an untrained network of which a size is recorded, and reads it."""

    def write(**training) -> str:
        checkpoint.save(build(NAME, "tiny"), tmp_path / NAME, training)
        return cards.card(tmp_path / NAME)

    return write


@pytest.mark.parametrize("size", SAID)
def test_a_card_says_which_size_it_is_about(card, size):
    text = card(size=size)
    assert f"| size | {size} |" in text
    assert [one for one, said in SAID.items() if said in text] == [size]
    assert (PRETEXTS["context-encoder"].departs in text) == (size == "small")


def test_a_card_without_a_size_claims_none(card):
    text = card()
    assert "| size |" not in text and not any(said in text for said in SAID.values())
    assert PRETEXTS["context-encoder"].departs not in text


@pytest.mark.parametrize("method", PRETEXTS)
def test_what_a_network_learned_from_is_said_under_data_alone(method):
    """The numbers of photographs and classes are those of one training."""
    assert not re.search(r"\d,\d{3} photographs|\d million", PRETEXTS[method].departs)


@pytest.mark.parametrize(
    ("source", "terms"),
    [
        ("photos.zip, split train, 15551 photographs", cards.TERMS["photos.zip"]),
        ("captions.zip, split train, 9 photographs (2 captions name photographs that are not there)", "Flickr8k"),
        ("the 18 starter photographs", cards.TERMS["starter photographs"]),
        ("holiday-photos.zip, split train, 12 photographs", "under the terms of that source"),
        ("my imagenette, all splits, 12 photographs", "under the terms of that source"),
    ],
)
def test_the_terms_are_those_of_the_source_of_that_name(card, source, terms):
    assert f"- {source}: {terms}" in card(sources=[source])


def test_a_card_names_a_command_that_measures(card):
    told = card(size="small").split("Not measured yet: `pretext-lab ")[1].split("`")[0]
    measure = parser().parse_args(shlex.split(told))
    assert measure.bench == "transfer" and measure.models == [NAME]
