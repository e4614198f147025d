"""A menu tree as a value: nodes with ways to one another, read from and written to JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crm_core.errors import InvalidInput
from crm_core.menus.kinds import KINDS, KindCard, NodeKind

Value = str | int | bool
_KEY = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KEY_MAX = 40
_TEXT_MAX = 64
_WAYS_MAX = 40
_LIST_MAX = 400


def is_key(text: str) -> bool:
    """True for kebab-case of at most 40 characters: the key of a node, a prompt or a calendar."""
    return len(text) <= _KEY_MAX and bool(_KEY.fullmatch(text))


@dataclass(frozen=True)
class Node:
    """One point of the menu. ``choices``: key, digits or way -> the key of the node it leads to."""

    key: str
    kind: NodeKind
    title_zh: str = ""
    title_en: str = ""
    prompts: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)

    @property
    def card(self) -> KindCard:
        return KINDS[self.kind]

    def value(self, name: str) -> Value:
        """The parameter, or what its table says when it is not set."""
        parameter = self.card.parameter(name)
        return self.parameters.get(name, parameter.default if parameter else "")

    def text(self, name: str) -> str:
        return str(self.value(name))

    def number(self, name: str) -> int:
        return int(self.value(name))

    def flag(self, name: str) -> bool:
        return self.value(name) is True

    def keys(self) -> dict[str, str]:
        """The choices made by keys, without the named ways."""
        return {key: target for key, target in self.choices.items() if self.card.way(key) is None}


@dataclass(frozen=True)
class MenuTree:
    """All nodes and the first one. May be wrong: ``validation.findings`` says so."""

    entry: str
    nodes: tuple[Node, ...]

    @cached_property
    def by_key(self) -> Mapping[str, Node]:
        """The first of several with the same key wins."""
        return {node.key: node for node in reversed(self.nodes)}

    def node(self, key: str) -> Node | None:
        return self.by_key.get(key)

    def prompts(self) -> frozenset[str]:
        return frozenset(prompt for node in self.nodes for prompt in node.prompts)

    def titles(self) -> dict[str, str]:
        return {node.key: node.title_zh or node.key for node in self.nodes}


def to_json(tree: MenuTree) -> dict[str, Any]:
    return {
        "entry": tree.entry,
        "nodes": [
            {
                "key": node.key,
                "kind": node.kind.value,
                "title_zh": node.title_zh,
                "title_en": node.title_en,
                "prompts": list(node.prompts),
                "choices": dict(node.choices),
                "parameters": dict(node.parameters),
            }
            for node in tree.nodes
        ],
    }


def from_json(raw: object) -> MenuTree:
    """Only the shape is checked here: types, kinds and sizes. Raises InvalidInput naming the place."""
    whole = _mapping(raw, "the tree")
    nodes = whole.get("nodes")
    if not isinstance(nodes, list) or len(nodes) > _LIST_MAX:
        raise InvalidInput("the tree has no list of nodes, or too many")
    return MenuTree(entry=_text(whole.get("entry", ""), "entry"), nodes=tuple(_nodes(nodes)))


def _nodes(raw: Iterable[object]) -> Iterator[Node]:
    for index, one in enumerate(raw):
        where = f"node {index + 1}"
        fields = _mapping(one, where)
        kind = _text(fields.get("kind", ""), where)
        if kind not in set(NodeKind):
            raise InvalidInput(f"{where} has an unknown kind")
        yield Node(
            key=_text(fields.get("key", ""), where),
            kind=NodeKind(kind),
            title_zh=_text(fields.get("title_zh", ""), where),
            title_en=_text(fields.get("title_en", ""), where),
            prompts=tuple(_text(prompt, where) for prompt in _sequence(fields.get("prompts", []), where)),
            choices={
                _text(key, where): _text(target, where)
                for key, target in _mapping(fields.get("choices", {}), where).items()
            },
            parameters={
                _text(name, where): _value(value, where)
                for name, value in _mapping(fields.get("parameters", {}), where).items()
            },
        )


def _mapping(raw: object, where: str) -> Mapping[str, object]:
    if not isinstance(raw, Mapping) or len(raw) > _WAYS_MAX:
        raise InvalidInput(f"{where} is not an object, or too large")
    return raw


def _sequence(raw: object, where: str) -> Sequence[object]:
    if not isinstance(raw, list) or len(raw) > _WAYS_MAX:
        raise InvalidInput(f"{where} holds something that is not a list, or too long")
    return raw


def _text(raw: object, where: str) -> str:
    if not isinstance(raw, str) or len(raw) > _TEXT_MAX or not raw.isprintable():
        raise InvalidInput(f"{where} holds a text that is too long or not printable")
    return raw


def _value(raw: object, where: str) -> Value:
    if isinstance(raw, bool) or (isinstance(raw, int) and abs(raw) < 1_000_000):
        return raw
    return _text(raw, where)
