"""The runner over scripted callers: every kind of node, versions that change under a call, and any accepted tree ends."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from crm_core.calls.events import IvrStepTaken
from crm_core.menus.departures import LEFT_KEY
from crm_core.menus.events import VoiceMessageLeft
from crm_core.menus.kinds import NodeKind
from crm_core.menus.shipped import SHIPPED_TREE
from crm_core.menus.tree import MenuTree, Node
from ivr.conversation import CallerGone, Conversation, Recorded
from ivr.dialplan_variables import TO_PERSON
from ivr.flows.ground import GroundCalls
from ivr.menu_runner import STEPS_MAX
from ivr.menu_visit import Visit
from ivr.menus import FixedMenu
from tests.support.menu_trees import PERSON, changed, ids, menu, trees
from tests.support.scripted_caller import ASHA, HANG_UP, SILENT, InboundHouse, Talk, quick_ground


@pytest.fixture
def ground() -> Iterator[GroundCalls]:
    calls = quick_ground()
    yield calls
    calls.stop()


@pytest.fixture
def house(ground: GroundCalls, tmp_path: Path) -> InboundHouse:
    house = InboundHouse(ground)
    house.folder = tmp_path
    return house


def tree_of(*nodes: Node) -> FixedMenu:
    return FixedMenu(MenuTree(nodes[0].key, (*nodes, PERSON)))


class Echo:
    """A flow that leaves or comes back."""

    def __init__(self, *, leaves: bool) -> None:
        self.leaves = leaves

    def run(self, talk: Conversation, visit: Visit) -> bool:
        if self.leaves:
            talk.set_route(TO_PERSON)
        return self.leaves


@pytest.mark.capability("C2")
@pytest.mark.parametrize("queue", ["booking", "complaint"])
def test_given_a_key_to_a_queue_when_pressed_then_that_queue_with_its_priority(house: InboundHouse, queue: str) -> None:
    house.menu = tree_of(
        menu("main", {"3": "there"}), Node("there", NodeKind.QUEUE, parameters={"queue": queue, "priority": 7})
    )
    talk = house.receive(Talk(["3"]))
    assert talk.way == ("queue", queue)
    assert talk.line.variables["QUEUE_PRIO"] == "7"


def test_given_an_announcement_before_a_menu_when_heard_then_both_are_one_command(house: InboundHouse) -> None:
    house.menu = tree_of(
        Node("hello", NodeKind.ANNOUNCE, prompts=("hello",), choices={"next": "main"}), menu("main", {})
    )
    talk = house.receive(Talk(["0"]))
    assert talk.line.asked[0][0] == ["hl/hello", "hl/main-menu"]
    assert talk.line.commands == ["set", "play", "read"]


def test_given_a_node_that_changes_the_language_when_passed_then_the_line_speaks_english(house: InboundHouse) -> None:
    house.menu = tree_of(
        menu("main", {"2": "english"}),
        Node("english", NodeKind.ANNOUNCE, choices={"next": "main"}, parameters={"language": "en"}),
    )
    assert house.receive(Talk(["2", "0"])).line.variables["HL_LANGUAGE"] == "en"


@pytest.mark.parametrize(
    ("entry", "queue"), [("8001", "booking"), ("8002", "complaint"), ("#", "enquiry"), ("0", "enquiry")]
)
def test_given_digits_when_typed_then_their_own_way_or_the_other(house: InboundHouse, entry: str, queue: str) -> None:
    house.menu = tree_of(
        Node(
            "number", NodeKind.ASK_DIGITS, prompts=("main-menu",), parameters={"length": 4},
            choices={"8001": "b", "other": "c", "#": "person"},
        ),
        Node("b", NodeKind.QUEUE, parameters={"queue": "booking"}),
        Node("c", NodeKind.QUEUE, parameters={"queue": "complaint"}),
    )  # fmt: skip
    assert house.receive(Talk([entry])).way == ("queue", queue)


def test_given_a_secret_entry_when_typed_then_the_step_does_not_tell_it(house: InboundHouse) -> None:
    house.menu = tree_of(
        Node(
            "pin", NodeKind.ASK_DIGITS, prompts=("main-menu",), parameters={"length": 6, "is_secret": True},
            choices={"other": "person"},
        )
    )  # fmt: skip
    assert house.receive(Talk(["471108"])).steps == [("pin", "******")]


@pytest.mark.capability("C5")
@pytest.mark.parametrize(("is_open", "queue"), [(True, "booking"), (False, "complaint")])
def test_given_a_calendar_when_asked_then_the_hours_decide_the_way(
    house: InboundHouse, is_open: bool, queue: str
) -> None:
    house.hours.open = is_open
    house.menu = tree_of(
        Node("when", NodeKind.HOURS, choices={"open": "b", "closed": "c"}, parameters={"calendar": "pharmacy"}),
        Node("b", NodeKind.QUEUE, parameters={"queue": "booking"}),
        Node("c", NodeKind.QUEUE, parameters={"queue": "complaint"}),
    )
    assert house.receive(Talk()).way == ("queue", queue)


@pytest.mark.capability("C15")
@pytest.mark.parametrize(("birth", "age", "queue"), [(1950, 76, "booking"), (1990, 36, "complaint")])
def test_given_an_elderly_patient_when_identified_then_the_way_without_menu(
    house: InboundHouse, birth: int, age: int, queue: str
) -> None:
    house.patients.patients = [replace(ASHA, birth_date=date(birth, 1, 1), age=age)]
    house.menu = tree_of(
        Node("who", NodeKind.IDENTIFY, choices={"known": "c", "unknown": "c", "elderly": "b"}),
        Node("b", NodeKind.QUEUE, parameters={"queue": "booking"}),
        Node("c", NodeKind.QUEUE, parameters={"queue": "complaint"}),
    )
    assert house.receive(Talk()).way == ("queue", queue)


def test_given_a_department_node_when_reached_then_put_through_or_its_closed_way(house: InboundHouse) -> None:
    house.menu = tree_of(
        menu("main", {"1": "heart", "2": "bones"}),
        Node("heart", NodeKind.DEPARTMENT, parameters={"department": "cardiology"}),
        Node("bones", NodeKind.DEPARTMENT, choices={"closed": "b"}, parameters={"department": "orthopedics"}),
        Node("b", NodeKind.QUEUE, parameters={"queue": "booking"}),
    )
    assert house.receive(Talk(["1"])).way == ("department", "cardiology")
    assert house.receive(Talk(["2"])).way == ("queue", "booking")


@pytest.mark.capability("C13")
def test_given_a_voice_message_when_spoken_then_it_is_told_with_its_file_and_the_call_ends(
    house: InboundHouse, tmp_path: Path
) -> None:
    house.menu = tree_of(
        Node("message", NodeKind.VOICE_MESSAGE, prompts=("voice-message",), choices={"next": "bye"}),
        Node("bye", NodeKind.GOODBYE, prompts=("goodbye",)),
    )
    talk = house.receive(Talk())
    (left,) = talk.bus.of(VoiceMessageLeft)
    assert (tmp_path / left.name).exists()
    assert (left.node, left.length_s, left.number, left.patient_id) == ("message", 5.0, "13800000001", ASHA.id)
    assert talk.line.variables["HL_NEXT"] == "hangup"
    assert talk.line.heard_keys()[-1] == "goodbye"


def test_given_a_silent_voice_message_when_over_then_nothing_is_kept(house: InboundHouse, tmp_path: Path) -> None:
    house.menu = tree_of(
        Node("message", NodeKind.VOICE_MESSAGE, prompts=("voice-message",), choices={"next": "person"})
    )
    talk = Talk()
    talk.line.recorded = Recorded(Path("x.wav"), 1.1, was_silent=True)
    house.receive(talk)
    assert talk.bus.of(VoiceMessageLeft) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.capability("C7")
@pytest.mark.parametrize(
    ("script", "during", "node"),
    [([HANG_UP], {}, "main"), (["2"], {}, "my-appointments"), ([], {"hl/recording-notice": HANG_UP}, "notice")],
)
def test_given_a_caller_who_hangs_up_when_gone_then_the_step_says_where(
    house: InboundHouse, script: list[str], during: dict[str, str], node: str
) -> None:
    talk = Talk(script, during=during)
    with pytest.raises(CallerGone):
        house.receive(talk)
    assert talk.steps[-1] == (node, LEFT_KEY)


def test_given_a_tree_with_a_hole_when_walked_into_then_a_person(house: InboundHouse) -> None:
    house.menu = FixedMenu(changed("main", SHIPPED_TREE, choices={"1": "gone", "0": "person", "*": "main"}))
    assert house.receive(Talk(["1"])).way == ("queue", "enquiry")


def test_given_a_flow_nobody_has_when_reached_then_a_person(house: InboundHouse) -> None:
    house.menu = FixedMenu(changed("departments", SHIPPED_TREE, parameters={"flow": "casino"}))
    assert house.receive(Talk(["5"])).way == ("queue", "enquiry")


@pytest.mark.parametrize(("leaves", "commands"), [(True, 1), (False, 2)])
def test_given_a_flow_when_over_then_it_leaves_or_comes_back(house: InboundHouse, leaves: bool, commands: int) -> None:
    house.flows = {"echo": Echo(leaves=leaves)}
    house.menu = tree_of(
        menu("main", {"4": "echo"}), Node("echo", NodeKind.FLOW, choices={"back": "main"}, parameters={"flow": "echo"})
    )
    assert house.receive(Talk(["4", "0"])).line.commands.count("read") == commands


KEYS = st.lists(st.sampled_from([*"0123456789*#A", SILENT, "12", "8001", HANG_UP]), max_size=60)


@pytest.mark.capability("C4")
@pytest.mark.invariant("I8")
@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(tree=trees(), keys=KEYS, is_open=st.booleans(), leaves=st.booleans(), is_known=st.booleans())
def test_given_any_accepted_tree_when_walked_by_random_keys_then_it_always_ends_well(
    tree: MenuTree, keys: list[str], is_open: bool, leaves: bool, is_known: bool
) -> None:
    """An end is a queue, a department, the caller's own hang-up, or ours after a goodbye."""
    assume(not ids(tree))
    ground = quick_ground()
    house = InboundHouse(ground)
    house.flows = {"echo": Echo(leaves=leaves)}
    house.patients.patients = [ASHA] if is_known else []
    house.hours.open = is_open
    house.menu = FixedMenu(tree)
    talk = Talk(keys)
    with tempfile.TemporaryDirectory() as folder:
        house.folder = Path(folder)
        with contextlib.suppress(CallerGone):
            house.receive(talk)
    ground.stop()
    assert len(talk.line.commands) <= 20 * STEPS_MAX
    ended_by_us = talk.line.variables["HL_NEXT"] == "hangup"
    assert talk.line.variables["HL_NEXT"] in {"queue", "department", "hangup"}
    if ended_by_us:
        said = next(node for node in tree.nodes if node.kind is NodeKind.GOODBYE).prompts
        assert tuple(talk.line.heard_keys()[-len(said) :]) == said
    steps = {step.node for step in talk.bus.of(IvrStepTaken)}
    inside = {"notice", "to_person", "emergency", "my_appointments", "identity_proof", "departments", "which-patient"}
    assert steps <= {node.key for node in tree.nodes} | inside
