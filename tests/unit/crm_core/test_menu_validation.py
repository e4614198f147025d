"""What the validator refuses, each with the finding's id, and that the shipped menu is right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.calls.queues import QUEUES
from crm_core.errors import InvalidInput
from crm_core.menus.kinds import KINDS, NodeKind
from crm_core.menus.shipped import SHIPPED_TREE
from crm_core.menus.tree import MenuTree, Node, from_json, is_key, to_json
from crm_core.menus.validation import Known
from tests.support.menu_trees import KNOWN, PERSON, changed, found, ids, menu, trees


def tree_of(*nodes: Node) -> MenuTree:
    return MenuTree(nodes[0].key, (*nodes, PERSON))


def test_given_the_shipped_menu_when_checked_then_nothing_is_wrong() -> None:
    assert found(SHIPPED_TREE) == []
    assert {queue.name for queue in QUEUES} == KNOWN.queues


@pytest.mark.capability("C4")
def test_given_four_menu_levels_when_checked_then_refused_with_the_way_that_is_too_deep() -> None:
    deep = tree_of(menu("a", {"1": "b"}), menu("b", {"1": "c"}), menu("c", {"1": "d"}), menu("d", {}))
    (finding,) = [one for one in found(deep) if one.id == "too_deep"]
    assert "a → b → c → d" in finding.text_zh
    assert "too_deep" not in ids(tree_of(menu("a", {"1": "b"}), menu("b", {"1": "c"}), menu("c", {"#": "a"})))


@pytest.mark.capability("C4")
@pytest.mark.parametrize(("missing", "finding"), [("0", "no_person_key"), ("*", "no_repeat_key")])
def test_given_a_menu_without_zero_or_star_when_checked_then_refused(missing: str, finding: str) -> None:
    main = SHIPPED_TREE.by_key["main"]
    choices = {key: target for key, target in main.choices.items() if key != missing}
    assert ids(changed("main", choices=choices)) == {finding}


@pytest.mark.capability("C4")
@pytest.mark.parametrize(
    ("tree", "finding"),
    [
        (replace(SHIPPED_TREE, entry="nowhere"), "entry"),
        (replace(SHIPPED_TREE, nodes=(*SHIPPED_TREE.nodes, PERSON)), "key_twice"),
        (changed("main", choices={"1": "gone", "0": "person", "*": "main"}), "target_unknown"),
        (changed("main", choices={"0": "my-appointments", "*": "main"}), "person_key_elsewhere"),
        (changed("main", choices={"9": "person", "0": "person", "*": "main"}), "emergency_key"),
        (changed("main", choices={"A": "person", "0": "person", "*": "main"}), "way_unknown"),
        (changed("main", choices={"0": "person", "*": "closed"}), "no_repeat_key"),
        (changed("welcome", choices={}), "dead_end"),
        (changed("departments", parameters={"flow": "casino"}), "flow_unknown"),
        (changed("person", parameters={"queue": "casino"}), "queue_unknown"),
        (changed("office-hours", parameters={"calendar": "moon"}), "calendar_unknown"),
        (changed("office-hours", parameters={}), "parameter_missing"),
        (changed("person", parameters={"queue": "enquiry", "priority": 99}), "parameter_wrong"),
        (changed("person", parameters={"queue": "enquiry", "priority": True}), "parameter_wrong"),
        (changed("person", parameters={"queue": "enquiry", "colour": "red"}), "parameter_unknown"),
        (changed("main", prompts=()), "no_prompt"),
        (changed("main", prompts=("greeting",) * 9), "prompts_many"),
        (changed("office-hours", prompts=("greeting",)), "prompt_not_heard"),
        (changed("main", prompts=("unsung",)), "prompt_silent_zh"),
        (replace(SHIPPED_TREE, nodes=(*SHIPPED_TREE.nodes, replace(PERSON, key="Main Menu"))), "key_format"),
        (tree_of(Node("a", NodeKind.DEPARTMENT, parameters={"department": "gone"})), "department_unknown"),
        (
            tree_of(Node("a", NodeKind.ANNOUNCE, choices={"next": "b"}), Node("b", NodeKind.ANNOUNCE, choices={"next": "a"})),
            "loop",
        ),
        (MenuTree("m-0", (*(menu(f"m-{i}", {}) for i in range(130)), PERSON)), "too_large"),
    ],
)  # fmt: skip
def test_given_one_mistake_when_checked_then_it_is_found(tree: MenuTree, finding: str) -> None:
    assert finding in ids(tree)


def test_given_a_prompt_heard_in_one_language_only_when_checked_then_the_other_is_named() -> None:
    known = replace(KNOWN, sounds={**KNOWN.sounds, "en": frozenset({"greeting"})})
    assert ids(SHIPPED_TREE, known) == {"prompt_silent_en"}


def test_given_a_key_the_prompt_does_not_speak_of_when_checked_then_only_a_warning() -> None:
    known = replace(KNOWN, texts={"main-menu": "请按1、2、3、4、5、6、7。人工服务，请按0。重听，请按*键。"})
    (warning,) = found(SHIPPED_TREE, known)
    assert (warning.id, warning.node, warning.is_warning) == ("key_unspoken", "main", True)


def test_given_a_node_nothing_leads_to_when_checked_then_only_a_warning() -> None:
    lonely = replace(SHIPPED_TREE, nodes=(*SHIPPED_TREE.nodes, Node("lonely", NodeKind.EMERGENCY)))
    assert [(one.id, one.is_warning) for one in found(lonely)] == [("unreachable", True)]


def test_given_a_chain_of_many_forks_when_checked_then_it_takes_no_time() -> None:
    forks = [
        Node(
            f"h-{i}",
            NodeKind.HOURS,
            choices={"open": f"h-{i + 1}", "closed": f"h-{i + 1}"},
            parameters={"calendar": "hospital"},
        )
        for i in range(100)
    ]
    tree = MenuTree("m", (menu("m", {"1": "h-0", "0": "h-0"}), *forks, replace(PERSON, key="h-100"), PERSON))
    assert ids(tree) == set()


def test_given_every_kind_when_read_then_its_card_is_complete() -> None:
    assert set(KINDS) == set(NodeKind)
    for card in KINDS.values():
        assert card.title_zh
        assert card.is_end or card.has_keys or card.ways


@given(trees())
def test_given_any_tree_when_written_and_read_then_it_is_the_same(tree: MenuTree) -> None:
    assert from_json(to_json(tree)) == tree


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=80) | st.sampled_from(["menu", "entry", "nodes"]),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["entry", "nodes", "key", "kind", "choices", "prompts", "parameters"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_given_any_json_when_read_then_a_tree_or_a_clear_refusal_and_checking_never_breaks(raw: object) -> None:
    try:
        tree = from_json(raw)
    except InvalidInput:
        return
    assert found(tree, Known()) is not None


def test_given_hostile_texts_when_read_then_refused() -> None:
    for text in ("a\nb", "\x00", "x" * 65, "‮gnp"):
        with pytest.raises(InvalidInput):
            from_json({"entry": text, "nodes": []})
    assert not is_key("../etc")
    assert not is_key("a--b")
