"""Chinese names in pinyin: whole, and as initials; surnames read as surnames."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin

SURNAMES: dict[str, tuple[str, ...]] = {
    "单": ("shan",), "解": ("xie",), "仇": ("qiu",), "曾": ("zeng",), "区": ("ou",), "查": ("zha",), "乐": ("yue",),
    "任": ("ren",), "朴": ("piao",), "盖": ("ge",), "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"),
    "秘": ("bi",), "冼": ("xian",), "翟": ("zhai",), "宓": ("mi",), "缪": ("miao",), "晁": ("chao",), "逄": ("pang",),
    "员": ("yun",), "覃": ("qin",), "华": ("hua",), "纪": ("ji",), "洗": ("xian",), "黑": ("he",), "佴": ("nai",),
}  # fmt: skip
"""Readings that the general dictionary gets wrong when the character is a surname."""


def pinyin_of(name: str) -> tuple[str, ...]:
    """The syllables of a name in lower case without tones, ü as v; the surname by its own table."""
    for length in (2, 1):
        reading = SURNAMES.get(name[:length])
        if reading and len(name) > length:
            return (*reading, *_syllables(name[length:]))
    return _syllables(name)


def initials_of(name: str) -> str:
    return "".join(syllable[0] for syllable in pinyin_of(name) if syllable)


def _syllables(text: str) -> tuple[str, ...]:
    parts = lazy_pinyin(text.replace("·", ""), style=Style.NORMAL, v_to_u=False)
    return tuple(part.lower().replace("ü", "v") for part in parts if part.strip())
