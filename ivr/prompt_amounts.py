"""Numbers and amounts of money as prompt keys: which fragments, in which order, in each language."""

from __future__ import annotations

NUMBER_MAX = 9_999
AMOUNT_MAX_FEN = 99_999_999  # 999,999.99 yuan
_WAN = 10_000


def number_keys(language: str, value: int) -> list[str]:
    """0 to 9999; ValueError outside. Chinese: 两千零五, 一百一十五 with its own fragment for 一十五 after a hundred."""
    if not 0 <= value <= NUMBER_MAX:
        raise ValueError(f"number {value} is not between 0 and {NUMBER_MAX}")
    if value <= 100:
        return [f"number-{value}"]
    keys = _thousands_and_hundreds(language, value)
    rest = value % 100
    if rest:
        is_teen = language == "zh" and 10 <= rest < 20
        keys.append(f"number-after-hundred-{rest}" if is_teen else f"number-{rest}")
    return keys


def _thousands_and_hundreds(language: str, value: int) -> list[str]:
    """The fragments before the last two digits of a value above 99, with 零 where Chinese says it."""
    thousands, hundreds, rest = value // 1_000, value // 100 % 10, value % 100
    keys = [f"number-{thousands}000"] if thousands else []
    if hundreds:
        keys.append("number-100" if hundreds == 1 else f"number-{hundreds}00")
    if language == "zh" and rest and (thousands or hundreds) and (not hundreds or rest < 10):
        keys.append("number-0")
    return keys


def amount_keys(language: str, fen: int) -> list[str]:
    """Money in fen, 0 to 999,999.99 yuan; ValueError outside. 12350 is 一百二十三元五角."""
    if not 0 <= fen <= AMOUNT_MAX_FEN:
        raise ValueError(f"amount of {fen} fen is not between 0 and {AMOUNT_MAX_FEN}")
    return _chinese_amount(fen) if language == "zh" else _english_amount(fen)


def _chinese_amount(fen: int) -> list[str]:
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    keys = _chinese_yuan(yuan) if yuan or not fen else []
    if jiao:
        keys.append(f"jiao-{jiao}")
    elif rest and yuan:
        keys.append("number-0")
    if rest:
        keys.append(f"fen-{rest}")
    return keys


def _chinese_yuan(yuan: int) -> list[str]:
    """Up to ten one fragment (两元), above the number and 元."""
    wan, below = divmod(yuan, _WAN)
    if not wan and below <= 10:
        return [f"yuan-{below}"]
    keys = _wan(wan) if wan else []
    if wan and 0 < below < 1_000:
        keys.append("number-0")
    if below:
        keys += number_keys("zh", below) if below > 100 or not wan else _after_wan(below)
    return [*keys, "yuan"]


def _after_wan(below: int) -> list[str]:
    """1 to 100 behind ten thousands and 零: 一万零一十五, 一万零一百."""
    return [f"number-after-hundred-{below}" if 10 <= below < 20 else f"number-{below}"]


def _wan(wan: int) -> list[str]:
    """1 to 99 ten thousands: 两万, 二十三 万."""
    return ["wan-2"] if wan == 2 else [f"number-{wan}", "wan"]


def _english_amount(fen: int) -> list[str]:
    yuan, rest = divmod(fen, 100)
    keys: list[str] = []
    if yuan or not fen:
        thousands, below = divmod(yuan, 1_000)
        if thousands >= 10:
            keys += [*number_keys("en", thousands), "thousand"]
            yuan = below
        if yuan or not thousands:
            keys += number_keys("en", yuan)
        keys.append("yuan")
    return [*keys, *number_keys("en", rest), "fen"] if rest else keys
