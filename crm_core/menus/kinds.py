"""The kinds of nodes a menu is made of: one table with typed parameters, ways out and what they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

PERSON_KEY, EMERGENCY_KEY, REPEAT_KEY = "0", "9", "*"
MENU_KEYS = "123456780*#9"
"""In the order in which an editor shows them; 9 is the emergency everywhere and needs no row."""
LEVELS_MAX = 3
NODES_MAX = 120
PROMPTS_MAX = 8
LANGUAGES = ("zh", "en")


class NodeKind(StrEnum):
    ANNOUNCE = "announce"
    MENU = "menu"
    ASK_DIGITS = "ask_digits"
    IDENTIFY = "identify"
    HOURS = "hours"
    DEPARTMENT = "department"
    QUEUE = "queue"
    FLOW = "flow"
    VOICE_MESSAGE = "voice_message"
    EMERGENCY = "emergency"
    GOODBYE = "goodbye"


class ValueKind(StrEnum):
    """What the value of a parameter is; the last four name something that must exist."""

    FLAG = "flag"
    INTEGER = "integer"
    CHOICE = "choice"
    CALENDAR = "calendar"
    QUEUE = "queue"
    DEPARTMENT = "department"
    FLOW = "flow"


class VersionState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Parameter:
    """One value of a node. ``minimum`` and ``maximum`` bound integers; ``choices`` are the words of a choice."""

    name: str
    kind: ValueKind
    title_zh: str
    title_en: str
    is_required: bool = False
    minimum: int = 0
    maximum: int = 0
    choices: tuple[str, ...] = ()
    default: str | int | bool = ""


@dataclass(frozen=True)
class Way:
    """A named way out of a node that is not chosen by a key."""

    name: str
    title_zh: str
    title_en: str
    is_required: bool = True


@dataclass(frozen=True)
class KindCard:
    """What a node of this kind has. ``is_end``: the caller leaves the menu here. ``has_keys``: keys are its ways out."""

    kind: NodeKind
    title_zh: str
    title_en: str
    parameters: tuple[Parameter, ...] = ()
    ways: tuple[Way, ...] = ()
    needs_prompt: bool = False
    takes_prompt: bool = True
    is_end: bool = False
    has_keys: bool = False

    def parameter(self, name: str) -> Parameter | None:
        return next((one for one in self.parameters if one.name == name), None)

    def way(self, name: str) -> Way | None:
        return next((one for one in self.ways if one.name == name), None)


_NEXT = Way("next", "然后", "Then")
_BACK = Way("back", "返回后", "When it comes back")

_CARDS = (
    KindCard(
        NodeKind.ANNOUNCE, "播报", "Announce",
        parameters=(
            Parameter("language", ValueKind.CHOICE, "从此使用语言", "Language from here", choices=("", *LANGUAGES)),
        ),
        ways=(_NEXT,),
    ),
    KindCard(NodeKind.MENU, "菜单", "Menu", needs_prompt=True, has_keys=True),
    KindCard(
        NodeKind.ASK_DIGITS, "输入号码", "Ask for digits",
        parameters=(
            Parameter("length", ValueKind.INTEGER, "位数", "Digits", is_required=True, minimum=2, maximum=20, default=4),
            Parameter("is_secret", ValueKind.FLAG, "保密（记录中不显示）", "Secret", default=False),
        ),
        ways=(Way("other", "其他号码", "Any other entry"),),
        needs_prompt=True, has_keys=True,
    ),
    KindCard(
        NodeKind.IDENTIFY, "识别来电人", "Identify the caller",
        parameters=(
            Parameter("salutes", ValueKind.FLAG, "称呼来电人（姓氏）", "Greet by surname", default=False),
            Parameter(
                "elderly_age", ValueKind.INTEGER, "长者年龄", "Elderly from age", minimum=50, maximum=120, default=65
            ),
        ),
        ways=(
            Way("known", "已识别", "Known"), Way("unknown", "未识别", "Unknown"),
            Way("elderly", "长者", "Elderly", is_required=False),
        ),
        takes_prompt=False,
    ),
    KindCard(
        NodeKind.HOURS, "服务时间", "Office hours",
        parameters=(
            Parameter("calendar", ValueKind.CALENDAR, "日历", "Calendar", is_required=True, default="hospital"),
        ),
        ways=(Way("open", "工作时间", "Open"), Way("closed", "非工作时间", "Closed")),
        takes_prompt=False,
    ),
    KindCard(
        NodeKind.DEPARTMENT, "转科室", "Department",
        parameters=(Parameter("department", ValueKind.DEPARTMENT, "科室", "Department", is_required=True),),
        ways=(Way("closed", "科室不在时间内", "When it is closed", is_required=False),),
        is_end=True,
    ),
    KindCard(
        NodeKind.QUEUE, "转人工", "Queue",
        parameters=(
            Parameter("queue", ValueKind.QUEUE, "技能组", "Queue", is_required=True, default="enquiry"),
            Parameter("priority", ValueKind.INTEGER, "优先级", "Priority", minimum=0, maximum=90, default=0),
        ),
        is_end=True,
    ),
    KindCard(
        NodeKind.FLOW, "自助流程", "Self-service flow",
        parameters=(Parameter("flow", ValueKind.FLOW, "流程", "Flow", is_required=True),),
        ways=(_BACK,), takes_prompt=False,
    ),
    KindCard(
        NodeKind.VOICE_MESSAGE, "留言", "Voice message",
        parameters=(
            Parameter("max_s", ValueKind.INTEGER, "最长（秒）", "At most (s)", minimum=10, maximum=300, default=120),
        ),
        ways=(_NEXT,), needs_prompt=True,
    ),
    KindCard(NodeKind.EMERGENCY, "急诊", "Emergency", takes_prompt=False, is_end=True),
    KindCard(NodeKind.GOODBYE, "再见并挂机", "Goodbye and hang up", needs_prompt=True, is_end=True),
)  # fmt: skip

KINDS: Mapping[NodeKind, KindCard] = MappingProxyType({card.kind: card for card in _CARDS})
