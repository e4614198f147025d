"""What is wrong with a menu tree: a list of findings, each with id, node and words for the editor (C4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from crm_core.menus import paths
from crm_core.menus.kinds import (
    EMERGENCY_KEY,
    LANGUAGES,
    MENU_KEYS,
    NODES_MAX,
    PERSON_KEY,
    PROMPTS_MAX,
    REPEAT_KEY,
    NodeKind,
    Parameter,
    ValueKind,
)
from crm_core.menus.tree import MenuTree, Node, is_key


@dataclass(frozen=True)
class Known:
    """What a tree may name. ``sounds``: language -> prompts that can be heard; ``texts``: prompt -> what it says (zh)."""

    queues: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    flows: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    sounds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def names(self, kind: ValueKind) -> frozenset[str]:
        by_kind = {
            ValueKind.QUEUE: self.queues,
            ValueKind.DEPARTMENT: self.departments,
            ValueKind.FLOW: self.flows,
            ValueKind.CALENDAR: self.calendars,
        }
        return by_kind[kind]


@dataclass(frozen=True)
class Finding:
    """``node`` is "" when the whole tree is meant. Warnings do not keep a tree from being published."""

    id: str
    node: str
    text_zh: str
    text_en: str
    is_warning: bool = False


_WORDS: dict[str, tuple[str, str]] = {
    "entry": ("没有起始节点“{what}”", "there is no first node {what}"),
    "too_large": ("节点太多（最多 {what} 个）", "too many nodes, at most {what}"),
    "key_format": ("节点代号“{what}”只能用小写字母、数字和连字符", "the key {what} is not kebab-case"),
    "key_twice": ("节点代号“{what}”重复", "two nodes have the key {what}"),
    "target_unknown": ("按键或出口“{what}”指向不存在的节点", "{what} leads to a node that does not exist"),
    "dead_end": ("出口“{what}”没有指定去向，来电人会走入死路", "the way {what} leads nowhere"),
    "way_unknown": ("这种节点没有出口或按键“{what}”", "a node of this kind has no way {what}"),
    "no_person_key": ("菜单必须有 0 键转人工", "a menu needs the key 0 to a person"),
    "person_key_elsewhere": ("0 键必须通向人工（或留言、急诊）", "the key 0 must lead to a person"),
    "no_repeat_key": ("菜单必须有 * 键重听本级", "a menu needs the key * that repeats it"),
    "emergency_key": ("9 键固定为急诊，不能改作他用", "the key 9 is the emergency and nothing else"),
    "too_deep": ("超过三级菜单：{what}", "more than three menu levels: {what}"),
    "loop": ("循环中没有任何一步可以转人工：{what}", "a loop without a way to a person: {what}"),
    "never_ends": ("从这里永远到不了人工、自助流程或挂机", "from here the call can never end"),
    "unreachable": ("没有任何路径通到这个节点", "no way leads to this node"),
    "parameter_missing": ("缺少参数“{what}”", "the parameter {what} is missing"),
    "parameter_wrong": ("参数“{what}”的值不正确", "the parameter {what} has a wrong value"),
    "parameter_unknown": ("这种节点没有参数“{what}”", "a node of this kind has no parameter {what}"),
    "queue_unknown": ("技能组“{what}”不存在", "the queue {what} does not exist"),
    "department_unknown": ("科室“{what}”不存在", "the department {what} does not exist"),
    "flow_unknown": ("自助流程“{what}”不存在", "the flow {what} does not exist"),
    "calendar_unknown": ("日历“{what}”不存在", "the calendar {what} does not exist"),
    "no_prompt": ("这个节点没有提示音", "this node says nothing"),
    "prompt_not_heard": ("这种节点不播放提示音", "a node of this kind plays no prompt"),
    "prompts_many": ("提示音太多（最多 {what} 段）", "too many prompts, at most {what}"),
    "prompt_silent_zh": ("提示音“{what}”没有中文声音", "the prompt {what} has no sound in Chinese"),
    "prompt_silent_en": ("提示音“{what}”没有英文声音", "the prompt {what} has no sound in English"),
    "key_unspoken": ("提示音没有说到按键 {what}", "the prompt does not speak of the key {what}"),
}
_WARNINGS = {"unreachable", "key_unspoken"}
_UNKNOWN = {
    ValueKind.QUEUE: "queue_unknown",
    ValueKind.DEPARTMENT: "department_unknown",
    ValueKind.FLOW: "flow_unknown",
    ValueKind.CALENDAR: "calendar_unknown",
}


def findings(tree: MenuTree, known: Known) -> list[Finding]:
    """Everything that is wrong, in the order of the nodes; no finding but warnings means: may be published."""
    found = [*_of_tree(tree)]
    for node in tree.nodes:
        for check in _NODE_CHECKS:
            found += check(node, tree, known)
    found += _of_person_keys(tree)
    if all(one.is_warning for one in found):
        found += _of_paths(tree)
    return found


def is_publishable(found: list[Finding]) -> bool:
    return all(one.is_warning for one in found)


def _finding(identity: str, node: str = "", what: object = "") -> Finding:
    zh, en = _WORDS[identity]
    return Finding(identity, node, zh.format(what=what), en.format(what=what), identity in _WARNINGS)


def _of_tree(tree: MenuTree) -> Iterator[Finding]:
    if tree.node(tree.entry) is None:
        yield _finding("entry", what=tree.entry)
    if len(tree.nodes) > NODES_MAX:
        yield _finding("too_large", what=NODES_MAX)
    seen: set[str] = set()
    for node in tree.nodes:
        if not is_key(node.key):
            yield _finding("key_format", node.key, node.key)
        if node.key in seen:
            yield _finding("key_twice", node.key, node.key)
        seen.add(node.key)


def _of_person_keys(tree: MenuTree) -> Iterator[Finding]:
    leading = paths.leading_to_person(tree)
    for node in tree.nodes:
        target = node.choices.get(PERSON_KEY) if node.kind is NodeKind.MENU else None
        if target in tree.by_key and target not in leading:
            yield _finding("person_key_elsewhere", node.key)


def _ways(node: Node, tree: MenuTree, _known: Known) -> Iterator[Finding]:
    for name, target in node.choices.items():
        if not _is_way_of(node, name):
            yield _finding("emergency_key" if name == EMERGENCY_KEY else "way_unknown", node.key, name)
        elif tree.node(target) is None:
            yield _finding("target_unknown", node.key, name)
    for way in node.card.ways:
        if way.is_required and way.name not in node.choices:
            yield _finding("dead_end", node.key, way.title_zh)


def _is_way_of(node: Node, name: str) -> bool:
    if node.card.way(name) is not None:
        return True
    if node.kind is NodeKind.MENU:
        return len(name) == 1 and name in MENU_KEYS and name != EMERGENCY_KEY
    if node.kind is NodeKind.ASK_DIGITS:
        return name == "#" or (name.isascii() and name.isdigit() and len(name) == node.value("length"))
    return False


def _menu(node: Node, tree: MenuTree, _known: Known) -> Iterator[Finding]:
    if node.kind is not NodeKind.MENU:
        return
    if PERSON_KEY not in node.choices:
        yield _finding("no_person_key", node.key)
    if node.choices.get(REPEAT_KEY) != node.key:
        yield _finding("no_repeat_key", node.key)


def _parameters(node: Node, _tree: MenuTree, known: Known) -> Iterator[Finding]:
    for parameter in node.card.parameters:
        if parameter.name not in node.parameters:
            if parameter.is_required:
                yield _finding("parameter_missing", node.key, parameter.title_zh)
            continue
        value = node.parameters[parameter.name]
        if parameter.kind in _UNKNOWN:
            if value not in known.names(parameter.kind):
                yield _finding(_UNKNOWN[parameter.kind], node.key, value)
        elif not _VALUE_CHECKS[parameter.kind](parameter, value):
            yield _finding("parameter_wrong", node.key, parameter.title_zh)
    for name in node.parameters:
        if node.card.parameter(name) is None:
            yield _finding("parameter_unknown", node.key, name)


_VALUE_CHECKS: dict[ValueKind, Callable[[Parameter, object], bool]] = {
    ValueKind.FLAG: lambda _parameter, value: isinstance(value, bool),
    ValueKind.CHOICE: lambda parameter, value: value in parameter.choices,
    ValueKind.INTEGER: lambda parameter, value: (
        isinstance(value, int) and not isinstance(value, bool) and parameter.minimum <= value <= parameter.maximum
    ),
}


def _prompts(node: Node, _tree: MenuTree, known: Known) -> Iterator[Finding]:
    if node.card.needs_prompt and not node.prompts:
        yield _finding("no_prompt", node.key)
    if node.prompts and not node.card.takes_prompt:
        yield _finding("prompt_not_heard", node.key)
    if len(node.prompts) > PROMPTS_MAX:
        yield _finding("prompts_many", node.key, PROMPTS_MAX)
    for language in LANGUAGES:
        heard = known.sounds.get(language, frozenset())
        for prompt in node.prompts:
            if prompt not in heard:
                yield _finding(f"prompt_silent_{language}", node.key, prompt)


def _spoken(node: Node, _tree: MenuTree, known: Known) -> Iterator[Finding]:
    """A key that nobody is told of will not be pressed."""
    if node.kind is not NodeKind.MENU or not all(prompt in known.texts for prompt in node.prompts):
        return
    said = "".join(known.texts[prompt] for prompt in node.prompts)
    for key in node.choices:
        if key not in said:
            yield _finding("key_unspoken", node.key, key)


_NODE_CHECKS = (_ways, _menu, _parameters, _prompts, _spoken)


def _of_paths(tree: MenuTree) -> Iterator[Finding]:
    """Only asked of a tree whose nodes are right each by itself."""
    deep = paths.too_deep(tree)
    if deep:
        yield _finding("too_deep", deep[-1], " → ".join(deep))
    loop = paths.loop_without_person(tree)
    if loop:
        yield _finding("loop", loop[0], " → ".join(loop))
    reachable = paths.reachable(tree)
    ending = paths.that_can_end(tree)
    for node in tree.nodes:
        if node.key not in reachable:
            yield _finding("unreachable", node.key)
        elif node.key not in ending:
            yield _finding("never_ends", node.key)
