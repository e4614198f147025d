"""Rewrites written Chinese into what a Mandarin speaker would say: only Hanzi and punctuation are left."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import pairwise

DIGITS = "零一二三四五六七八九"
WEEKDAYS = "一二三四五六日"
_BIG_UNITS = ("", "万", "亿", "万亿")
_DAY_PERIODS = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
_FRACTIONS_OF_HOUR = {0: "", 15: "一刻", 30: "半", 45: "三刻"}

# Latin letters as Hanzi that sound like their names: the speech engine skips letters without a word (TRAPS section 8).
LETTERS = {
    "A": "诶", "B": "必", "C": "西", "D": "弟", "E": "衣", "F": "艾弗", "G": "寄", "H": "艾尺", "I": "爱",
    "J": "杰", "K": "开", "L": "艾勒", "M": "艾姆", "N": "恩", "O": "欧", "P": "批", "Q": "酷", "R": "阿尔",
    "S": "艾斯", "T": "提", "U": "优", "V": "微", "W": "达不溜", "X": "艾克斯", "Y": "歪", "Z": "贼",
}  # fmt: skip
KEYS = {"*": "星号键", "#": "井号键"}

# Units after a number, longest first: written -> spoken.
UNITS = {
    "mmol/L": "毫摩尔每升", "mmHg": "毫米汞柱", "mg": "毫克", "kg": "公斤", "ml": "毫升", "mL": "毫升", "cm": "厘米",
    "mm": "毫米", "km": "公里", "℃": "摄氏度", "°C": "摄氏度", "g": "克", "L": "升", "m": "米",
}  # fmt: skip
# After these a single 2 is 两 (a count), everywhere else it is 二 (an order, a date, a name of a thing).
_COUNTED = "个位名次天年周种支瓶盒片粒袋份项件条张间台小分秒刻点块杯倍"
_NOT_COUNTED_AFTER = "第"


def number(value: int) -> str:
    """A whole number, |value| < 10**16: 两 stands before 千, 万 and 亿, 二 elsewhere (二百二十二, 两千, 两万)."""
    if value < 0:
        return "负" + number(-value)
    if value < 10:
        return DIGITS[value]
    groups: list[int] = []
    while value:
        value, group = divmod(value, 10_000)
        groups.append(group)
    if len(groups) > len(_BIG_UNITS):
        raise ValueError("number has more than 16 digits")
    spoken, gap = "", False
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if group == 0:
            gap = bool(spoken)
            continue
        zero = spoken and (gap or group < 1_000)
        unit = _BIG_UNITS[index]
        spoken += ("零" if zero else "") + _group(group, leading=not spoken, before_unit=bool(unit)) + unit
        gap = False
    return spoken


def _group(value: int, *, leading: bool, before_unit: bool) -> str:
    """1 to 9999 within one group of four digits."""
    if value == 2 and before_unit:
        return "两"
    if leading and 10 <= value < 20:
        return "十" + (DIGITS[value % 10] if value % 10 else "")
    spoken, gap = "", False
    for place, unit in ((1_000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, place)
        if digit == 0:
            gap = bool(spoken)
            continue
        spoken += ("零" if gap else "") + ("两" if digit == 2 and place == 1_000 else DIGITS[digit]) + unit
        gap = False
    return spoken


def decimal(written: str) -> str:
    """'37.5' -> 三十七点五. Digits after the point are said one by one; raises ValueError when it is no number."""
    try:
        Decimal(written)
    except InvalidOperation as error:
        raise ValueError("not a decimal number") from error
    whole, _, fraction = written.partition(".")
    spoken = number(int(whole or "0"))
    return spoken + ("点" + digits(fraction, telephone=False) if fraction else "")


def digits(written: str, *, telephone: bool = True, group: int = 0) -> str:
    """Digit by digit; telephone style says 幺 for 1. `group` > 0 puts a comma after every so many digits."""
    names = DIGITS.replace("一", "幺") if telephone else DIGITS
    spoken = [names[int(char)] for char in written if char.isdecimal()]
    if group <= 0 or len(spoken) <= group + 1:
        return "".join(spoken)
    return "，".join("".join(spoken[start : start + group]) for start in range(0, len(spoken), group))


def phone_number(written: str) -> str:
    """Mobile numbers as 3-4-4, others in threes and fours from the left, 幺 for 1; commas keep repeated zeros apart."""
    plain = re.sub(r"\D", "", written)
    cuts = (3, 7) if len(plain) == 11 else tuple(range(4, len(plain), 4)) if len(plain) > 5 else ()
    edges = [0, *cuts, len(plain)]
    return "，".join(digits(plain[a:b]) for a, b in pairwise(edges) if a < b)


def date_words(value: dt.date, *, with_year: bool = False, with_weekday: bool = False) -> str:
    """十一月二十三日; the year is said digit by digit with 一, never 幺."""
    year = digits(f"{value.year:04d}", telephone=False) + "年" if with_year else ""
    weekday = f"星期{WEEKDAYS[value.weekday()]}" if with_weekday else ""
    return f"{year}{number(value.month)}月{number(value.day)}日{weekday}"


def day_period(hour: int) -> str:
    """凌晨, 上午, 中午, 下午 or 晚上 for an hour of 0 to 23."""
    return next(name for end, name in _DAY_PERIODS if hour < end)


def hour_words(hour: int) -> str:
    """九点 for 9 and 21, 两点 for 2 and 14, 零点 for 0."""
    shown = hour if hour <= 12 else hour - 12
    return ("两" if shown == 2 else number(shown)) + "点"


def time_words(value: dt.time, *, with_period: bool = True) -> str:
    """上午九点半, 下午两点一刻, 上午九点零五分."""
    minute = value.minute
    tail = _FRACTIONS_OF_HOUR.get(minute, ("零" if minute < 10 else "") + number(minute) + "分")
    return (day_period(value.hour) if with_period else "") + hour_words(value.hour) + tail


def duration_words(seconds: int) -> str:
    """两小时五分钟; zero is 零秒."""
    parts = ((seconds // 3_600, "小时"), (seconds % 3_600 // 60, "分钟"), (seconds % 60, "秒"))
    return "".join(counted(amount) + unit for amount, unit in parts if amount) or "零秒"


def counted(value: int) -> str:
    """A number before a classifier: 两位, but 十二位."""
    return "两" if value == 2 else number(value)


def money_words(written: str) -> str:
    """'12.50' yuan -> 十二元五角; whole fen only (ValueError otherwise)."""
    amount = Decimal(written)
    fen = int(amount * 100)
    if fen != amount * 100:
        raise ValueError("money has at most two decimals")
    if fen < 0:
        return "负" + money_words(str(-amount))
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    spoken = counted(yuan) + "元" if yuan or fen == 0 else ""
    if jiao:
        spoken += counted(jiao) + "角"
    if rest:
        spoken += ("零" if yuan and not jiao else "") + counted(rest) + "分"
    return spoken


def agent_number(written: str) -> str:
    """工号 1032 is 幺零三二, never 一千零三十二."""
    return digits(written)


def key_name(key: str) -> str:
    """A telephone key: 一 for 1 (one pressed key, not a digit string), 星号键, 井号键."""
    return KEYS.get(key) or DIGITS[int(key)]


def _time_match(match: re.Match[str]) -> str:
    value = dt.time(int(match["hour"]), int(match["minute"]))
    return (match["period"] or "") + time_words(value, with_period=not match["period"])


def _date_match(match: re.Match[str]) -> str:
    try:
        return date_words(dt.date(*(int(match[part]) for part in ("y", "m", "d"))), with_year=True)
    except ValueError:
        return digits(match[0])


def _short_date(match: re.Match[str]) -> str:
    return number(int(match[1])) + "月" + number(int(match[2])) + match[3]


def _with_unit(match: re.Match[str]) -> str:
    return decimal(match[1]) + UNITS[match[2]]


def _percent(match: re.Match[str]) -> str:
    return "百分之" + decimal(match[1])


def _money(match: re.Match[str]) -> str:
    written = (match[1] or match[2]).replace(",", "")
    return money_words(written) if len(written.partition(".")[2]) <= 2 else decimal(written) + "元"


def _plain_number(match: re.Match[str]) -> str:
    written, before, after = match[0], match.string[: match.start()][-1:], match.string[match.end() :][:1]
    if len(written) > 5 or (len(written) > 1 and written.startswith("0")):
        return phone_number(written)
    if written == "2" and after and after in _COUNTED and before != _NOT_COUNTED_AFTER:
        return "两"
    return number(int(written))


_D = r"(?<![\d.])"


def _identity_number(match: re.Match[str]) -> str:
    written = match[0]
    last = "艾克斯" if written[-1] in "Xx" else digits(written[-1])
    return digits(written[:16], group=4) + "，" + digits(written[16]) + last


def _named_number(match: re.Match[str]) -> str:
    return match[1] + ("是" if match[2] else "") + phone_number(match[3])


_D = r"(?<![\d.])"
_DATE = r"(?<!\d)(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})(?!\d)\s*[日号]?T?"
_TIME = (
    r"(?P<period>凌晨|早上|上午|中午|下午|晚上)?(?<!\d)(?P<hour>[01]?\d|2[0-3])"
    r"[:：](?P<minute>[0-5]\d)(?:[:：][0-5]\d)?(?!\d)"
)
_MOBILE = r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)"
_SHORT_CODE = r"(?<![\d.])(11[0-49]|12[0-2]|12\d{3}|95\d{3}|96\d{3,4})(?![\d.元个位])"
_WITH_UNIT = _D + r"(\d+(?:\.\d+)?)\s*(" + "|".join(map(re.escape, UNITS)) + r")(?![A-Za-z])"
_NAMED_NUMBER = r"(工号|编号|卡号|号码|电话|尾号|分机|拨打|拨)(是|为|：|:)?\s*(\d+)"

Rewrite = Callable[[re.Match[str]], str]
# Applied from top to bottom; each rule sees what those above have left.
_RULES: tuple[tuple[str, Rewrite], ...] = (
    (_DATE, _date_match),
    (r"(?<!\d)(\d{4})年", lambda m: digits(m[1], telephone=False) + "年"),
    (r"(?<!\d)(\d{1,2})月(\d{1,2})([日号])", _short_date),
    (_TIME, _time_match),
    (_MOBILE, lambda m: phone_number(m[1] + m[2] + m[3])),
    (r"(?<!\d)(0\d{2,3})[- ](\d{7,8})(?!\d)", lambda m: digits(m[1]) + "，" + phone_number(m[2])),
    (r"(?<!\d)([48]00)[- ]?(\d{3,4})[- ]?(\d{3,4})(?!\d)", lambda m: "，".join(map(digits, m.groups()))),
    (r"(?<!\d)\d{17}[\dXx](?!\d)", _identity_number),
    (_NAMED_NUMBER, _named_number),
    (r"(?<!\d)(\d{3,4})(室|房|病房|病室|诊室|床)", lambda m: digits(m[1]) + m[2]),
    (_SHORT_CODE, lambda m: phone_number(m[0])),
    (r"[¥￥]\s*(\d[\d,]*(?:\.\d+)?)(?:元)?|(\d+\.\d+)元", _money),
    (_D + r"(\d+(?:\.\d+)?)\s*%", _percent),
    (_WITH_UNIT, _with_unit),
    (r"(?<![\d.])\d{1,15}\.\d+(?![\d.])", lambda m: decimal(m[0])),
    (r"([*#])\s*(?:号键|键)?", lambda m: KEYS[m[1]]),
    (r"\d+", _plain_number),
    (r"[A-Za-z]", lambda m: LETTERS[m[0].upper()]),
)
_FULL_WIDTH = {ord("０") + i: str(i) for i in range(10)} | {ord("Ａ") + i: chr(65 + i) for i in range(26)}
_FULL_WIDTH |= {ord("＊"): "*", ord("＃"): "#", ord("％"): "%"} | {ord("ａ") + i: chr(97 + i) for i in range(26)}


def speakable(text: str) -> str:
    """The whole text ready for a Mandarin voice. Unknown symbols stay; digits, letters and telephone keys never do."""
    spoken = text.translate(_FULL_WIDTH)
    for pattern, rewrite in _RULES:
        spoken = re.sub(pattern, rewrite, spoken, flags=re.ASCII)
    return spoken
