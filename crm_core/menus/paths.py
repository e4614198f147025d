"""Ways through a menu tree: depth in menus, loops, what can be reached, what leads to a person."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.menus.kinds import LEVELS_MAX, NodeKind
from crm_core.menus.tree import MenuTree, Node

_ASKS = frozenset({NodeKind.MENU, NodeKind.ASK_DIGITS})
"""Where 0 leads to a person."""
_SILENT = frozenset({NodeKind.ANNOUNCE, NodeKind.HOURS, NodeKind.IDENTIFY})
_PEOPLE = frozenset({NodeKind.QUEUE, NodeKind.EMERGENCY, NodeKind.VOICE_MESSAGE})


def targets(tree: MenuTree, node: Node) -> list[Node]:
    """The nodes that follow, each once, in the order of the choices. A menu that repeats itself does not follow itself."""
    keys = dict.fromkeys(target for name, target in node.choices.items() if not (name == "*" and target == node.key))
    return [found for key in keys if (found := tree.node(key)) is not None]


def leading_to_person(tree: MenuTree) -> frozenset[str]:
    """Nodes from which, without another question, every way ends at a person or may leave a message."""
    leading = {node.key for node in tree.nodes if node.kind in _PEOPLE}
    silent = [node for node in tree.nodes if node.kind in _SILENT]
    while True:
        more = {
            node.key
            for node in silent
            if node.key not in leading and (ways := targets(tree, node)) and all(one.key in leading for one in ways)
        }
        if not more:
            return frozenset(leading)
        leading |= more


def too_deep(tree: MenuTree) -> list[str]:
    """The menus of one way that asks more than three times, or nothing. A way back to a menu above is no level."""
    first = tree.node(tree.entry)
    waiting: list[tuple[Node, tuple[str, ...]]] = [(first, ())] if first else []
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        node, menus = waiting.pop()
        if (node.key, menus) in seen or node.key in menus:
            continue
        seen.add((node.key, menus))
        if node.kind is NodeKind.MENU:
            menus = (*menus, node.key)
            if len(menus) > LEVELS_MAX:
                return list(menus)
        waiting += [(following, menus) for following in targets(tree, node)]
    return []


def loop_without_person(tree: MenuTree) -> list[str]:
    """The keys of a loop in which nobody is ever asked (so 0 cannot be pressed), or nothing."""
    done: set[str] = set()
    for node in tree.nodes:
        found = _loop(tree, node, way=(), done=done)
        if found:
            return found
    return []


def _loop(tree: MenuTree, node: Node, *, way: tuple[str, ...], done: set[str]) -> list[str]:
    if node.kind in _ASKS or node.key in done:
        return []
    if node.key in way:
        return [*way[way.index(node.key) :], node.key]
    for following in targets(tree, node):
        found = _loop(tree, following, way=(*way, node.key), done=done)
        if found:
            return found
    done.add(node.key)
    return []


def reachable(tree: MenuTree) -> frozenset[str]:
    return frozenset(_walk(tree))


def _walk(tree: MenuTree) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [tree.entry]
    while waiting:
        node = tree.node(waiting.pop())
        if node is None or node.key in seen:
            continue
        seen.add(node.key)
        yield node.key
        waiting += [one.key for one in targets(tree, node)]


def that_can_end(tree: MenuTree) -> frozenset[str]:
    """Nodes from which the call can end somewhere; a menu always can, by 0."""
    ending = {node.key for node in tree.nodes if node.card.is_end or node.kind in _ASKS or node.kind is NodeKind.FLOW}
    while True:
        more = {
            node.key
            for node in tree.nodes
            if node.key not in ending and any(one.key in ending for one in targets(tree, node))
        }
        if not more:
            return frozenset(ending)
        ending |= more
