"""What a map holds: by its header, or by the look of its values."""

import warnings

import numpy as np
import pytest

from secondlevel.claims.unit import Held, expect, hand_on, held_by
from secondlevel.errors import InputError, MapWarning

INTENTS = {
    "z": ("z score", ()),
    "t": ("t test", (23.0,)),
    "F": ("f test", (2.0, 23.0)),
    "p": ("p value", ()),
    "other": ("estimate", ()),
    None: ("none", ()),
}


@pytest.fixture
def holding(make_image):
    """Make a map whose header says what it holds."""

    def make(kind):
        image = make_image(3)
        image.header.set_intent(*INTENTS[kind])
        return image

    return make


@pytest.mark.parametrize("kind", INTENTS)
def test_a_header_tells_kind_and_degrees_of_freedom(holding, kind, make_image):
    """Intents of statistics must be known with their parameters, and be handed on."""
    held = held_by(holding(kind))
    assert held.kind == kind
    assert held.dof == INTENTS[kind][1]
    assert hand_on(held, make_image(4)).header.get_intent()[:2] == INTENTS[kind]


def test_what_does_not_tell_is_not_known(make_image, make_surface):
    """A surface, a header without degrees of freedom, and other intents must not be guessed."""
    assert held_by(make_surface(3)) == Held()
    image = make_image(3)
    image.header.set_intent("label")
    assert held_by(image).kind is None
    image.header.set_intent("t test", (0.0,))
    assert (held_by(image).kind, held_by(image).dof) == ("t", ())
    surface = make_surface(3)
    assert hand_on(Held("z score"), surface) is surface


def test_what_a_map_is_taken_for_is_compared(holding):
    """Each pair of held and wanted must pass, be remarked or be refused."""
    said = {}
    for kind in INTENTS:
        image = holding(kind)
        for wanted in ("z", "t", None):
            for strict in (False, True):
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    try:
                        expect(image, image.get_fdata(), wanted, strict=strict)
                    except InputError:
                        said[kind, wanted, strict] = "error"
                    else:
                        said[kind, wanted, strict] = "warning" if caught else "nothing"
    for wanted in ("z", "t"):
        for kind in ("z", "t", "F", "other"):
            same = kind == wanted
            assert said[kind, wanted, False] == ("nothing" if same else "warning")
            assert said[kind, wanted, True] == ("nothing" if same else "error")
        assert said["p", wanted, False] == said["p", wanted, True] == "error"
        assert said[None, wanted, True] == "nothing"
    for kind in ("z", "t", "F", "other", None):
        assert said[kind, None, False] == "nothing"
    assert said["p", None, False] == "error"


def test_messages_say_what_to_pass(holding):
    """They must name what is held, what it is taken for and by what, and the output to ask for."""
    image = holding("t")
    message = r"stat_img holds t by its header, and null takes it for z: .*output_type='z_score'"
    with pytest.warns(MapWarning, match=message):
        expect(image, image.get_fdata(), "z", by="null")
    with pytest.raises(InputError, match=r"holds t by .* is taken for F: .*output_type='stat'"):
        expect(image, image.get_fdata(), "F", strict=True)
    with pytest.raises(InputError, match="holds p-values by its header, which are small where"):
        expect(holding("p"), np.ones(3))


def test_values_are_looked_at_where_no_header_tells(holding, make_surface):
    """All values between 0 and 1 must be remarked, unless they are one value or a header tells."""
    p = np.array([0.0, 0.2, 1.0])
    for image in (holding(None), make_surface(3)):
        for wanted in ("z", None):
            with pytest.warns(MapWarning, match="All values of stat_img lie between 0 and 1, as p"):
                expect(image, p, wanted)
        for values in (p + 0.01, p - 0.01, np.full(3, 0.5), np.zeros(3)):
            assert expect(image, values, "z") == Held()
    assert expect(holding("z"), p, "z").kind == "z"
