"""Menu trees for tests: what the shipped menu may name, small trees by hand, and random ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from crm_core.menus.kinds import KINDS, NodeKind, ValueKind
from crm_core.menus.shipped import SHIPPED_TREE
from crm_core.menus.tree import MenuTree, Node, Value
from crm_core.menus.validation import Finding, Known, findings
from ivr.menu_flows import FLOW_NAMES

PROMPTS = frozenset({
    "greeting", "main-menu", "other-services-menu", "closed-hours", "closed-menu", "press-0-for-agent", "goodbye",
    "voice-message", "hello",
})  # fmt: skip
KNOWN = Known(
    queues=frozenset({"booking", "enquiry", "complaint", "emergency"}),
    departments=frozenset({"cardiology", "orthopedics"}),
    flows=frozenset({*FLOW_NAMES, "echo"}),
    calendars=frozenset({"hospital", "pharmacy"}),
    sounds={"zh": PROMPTS, "en": PROMPTS},
)


def ids(tree: MenuTree, known: Known = KNOWN) -> set[str]:
    """The errors of a tree."""
    return {one.id for one in found(tree, known) if not one.is_warning}


def found(tree: MenuTree, known: Known = KNOWN) -> list[Finding]:
    return findings(tree, known)


def menu(key: str, choices: Mapping[str, str], *prompts: str) -> Node:
    """A menu with 0 and ``*`` as they must be."""
    return Node(key, NodeKind.MENU, prompts=prompts or ("main-menu",), choices={"0": "person", "*": key, **choices})


PERSON = Node("person", NodeKind.QUEUE, parameters={"queue": "enquiry"})


def changed(key: str, tree: MenuTree = SHIPPED_TREE, **fields: object) -> MenuTree:
    """The tree with one node changed."""
    return replace(
        tree,
        nodes=tuple(replace(node, **fields) if node.key == key else node for node in tree.nodes),  # type: ignore[arg-type]
    )


_VALUES: dict[ValueKind, st.SearchStrategy[Value]] = {
    ValueKind.FLAG: st.booleans(),
    ValueKind.CALENDAR: st.sampled_from(sorted(KNOWN.calendars)),
    ValueKind.QUEUE: st.sampled_from(sorted(KNOWN.queues)),
    ValueKind.DEPARTMENT: st.sampled_from(sorted(KNOWN.departments)),
    ValueKind.FLOW: st.sampled_from(sorted(KNOWN.flows)),
}


@st.composite
def trees(draw: st.DrawFn) -> MenuTree:
    """Nodes that are right each by itself, connected at random: some trees are accepted, some have no end."""
    keys = [f"n-{index}" for index in range(draw(st.integers(2, 9)))]
    target = st.sampled_from([*keys, "person"])
    nodes = [draw(_nodes(key, target)) for key in keys]
    return MenuTree(keys[0], (*nodes, PERSON))


@st.composite
def _nodes(draw: st.DrawFn, key: str, target: st.SearchStrategy[str]) -> Node:
    kind = draw(st.sampled_from(NodeKind))
    card = KINDS[kind]
    parameters: dict[str, Value] = {}
    for one in card.parameters:
        if one.kind is ValueKind.INTEGER:
            parameters[one.name] = draw(st.integers(one.minimum, min(one.maximum, one.minimum + 3)))
        elif one.kind is ValueKind.CHOICE:
            parameters[one.name] = draw(st.sampled_from(one.choices))
        else:
            parameters[one.name] = draw(_VALUES[one.kind])
    choices = {way.name: draw(target) for way in card.ways if way.is_required or draw(st.booleans())}
    if kind is NodeKind.MENU:
        choices |= {digit: draw(target) for digit in draw(st.sets(st.sampled_from("12345#"), max_size=3))}
        choices |= {"0": "person", "*": key}
    prompts = ("main-menu",) if card.needs_prompt else ()
    return Node(key, kind, prompts=prompts, choices=choices, parameters=parameters)
