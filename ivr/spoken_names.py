"""Marks characters whose usual reading is wrong in a name or a medical word: 曾女士 -> 曾{zeng1}女士."""

from __future__ import annotations

import re

# A surname read otherwise than the same character elsewhere: pinyin with tone number, one syllable a character.
SURNAMES = {
    "曾": "zeng1", "单": "shan4", "解": "xie4", "仇": "qiu2", "区": "ou1", "查": "zha1", "乐": "yue4", "朴": "piao2",
    "盖": "ge3", "华": "hua4", "任": "ren2", "覃": "qin2", "缪": "miao4", "翟": "zhai2", "尉迟": "yu4 chi2",
    "万俟": "mo4 qi2", "纪": "ji3", "宁": "ning4", "应": "ying1", "哈": "ha3", "种": "chong2", "员": "yun4",
    "燕": "yan1", "祭": "zhai4", "佴": "nai4", "逄": "pang2", "隗": "wei3", "冼": "xian3", "臧": "zang1",
    "长孙": "zhang3 sun1", "澹台": "tan2 tai2", "召": "shao4", "黑": "he4", "秘": "bi4", "重": "chong2",
    "洗": "xian3", "曲": "qu1", "那": "na1", "能": "nai4", "教": "jiao4", "折": "she2", "幺": "yao1",
}  # fmt: skip

# Two-character surnames: their second character belongs to the surname, not to the given name.
COMPOUND_SURNAMES = frozenset({
    "欧阳", "司马", "上官", "诸葛", "尉迟", "万俟", "长孙", "澹台", "司徒", "夏侯", "皇甫", "公孙", "慕容", "令狐",
    "东方", "端木", "百里", "呼延", "南宫", "独孤", "轩辕", "宇文", "闻人", "赫连", "申屠", "太史", "钟离",
})  # fmt: skip

# Words of the hospital that a general dictionary misreads or splits wrongly: full reading, one syllable a character.
PHRASES = {
    "头孢": "tou2 bao1", "地西泮": "di4 xi1 pan4", "氯吡格雷": "lv4 bi3 ge2 lei2", "心内科": "xin1 nei4 ke1",
    "妇产科": "fu4 chan3 ke1", "行走": "xing2 zou3", "挂号": "gua4 hao4", "血压": "xue4 ya1", "血糖": "xue4 tang2",
    "抽血": "chou1 xue4", "血常规": "xue4 chang2 gui1", "出血": "chu1 xue4", "便血": "bian4 xue4", "骨科": "gu3 ke1",
    "胳膊": "ge1 bo5", "重听": "chong2 ting1", "重复": "chong2 fu4", "重拨": "chong2 bo1", "重症": "zhong4 zheng4",
    "复查": "fu4 cha2", "调药": "tiao2 yao4", "处方": "chu3 fang1", "遵医嘱": "zun1 yi1 zhu3", "咯血": "ka3 xue4",
    "龋齿": "qu3 chi3", "阑尾": "lan2 wei3", "晕厥": "yun1 jue2", "眩晕": "xuan4 yun4", "供血": "gong1 xue4",
    "粘膜": "nian2 mo2", "结石": "jie2 shi2", "脊柱": "ji3 zhu4", "给药": "ji3 yao4", "哮喘": "xiao4 chuan3",
}  # fmt: skip

TITLES = ("先生", "女士", "小姐", "医生", "大夫", "主任", "医师", "护士", "教授", "老师", "阿姨", "叔叔", "护士长")

_TITLE = "|".join(sorted(TITLES, key=len, reverse=True))
_SURNAME = "|".join(sorted(SURNAMES, key=len, reverse=True))
# A name is recognised at a clause start or after 找, 是, 给..., with at most two further characters before a title.
_BEFORE_TITLE = re.compile(
    rf"(?:(?<=^)|(?<=[^\u4e00-\u9fff])|(?<=[找是给和接约的请为]))({_SURNAME})(?=[\u4e00-\u9fff]{{0,2}}?(?:{_TITLE}))"
)
_PHRASE = re.compile("|".join(sorted(map(re.escape, PHRASES), key=len, reverse=True)))


def mark(word: str, reading: str) -> str:
    """One {pinyin} after each character of the word."""
    return "".join(f"{char}{{{syllable}}}" for char, syllable in zip(word, reading.split(), strict=True))


def marked_name(name: str) -> str:
    """A full name, surname first: 单雄 -> 单{shan4}雄. A name without a special surname comes back unchanged."""
    for length in (2, 1):
        surname = name[:length]
        if length == 1 and name[:2] in COMPOUND_SURNAMES:
            break
        if surname in SURNAMES and len(name) > length:
            return mark(surname, SURNAMES[surname]) + name[length:]
    return name


def surname_of(name: str) -> str:
    """'欧阳娜娜' -> '欧阳', '王芳' -> '王'; empty for an empty name."""
    return name[:2] if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else name[:1]


def annotate(text: str) -> str:
    """Surnames before a title and hospital words in running text get their reading; everything else is untouched."""
    marked = _BEFORE_TITLE.sub(lambda match: mark(match[1], SURNAMES[match[1]]), text)
    return _PHRASE.sub(lambda match: mark(match[0], PHRASES[match[0]]), marked)


def unmarked(text: str) -> str:
    """The text without readings."""
    return re.sub(r"\{[a-z]+[1-5]\}", "", text)
