"""Names of the demo hospital's people: surnames as frequent as in the country, given names as old as their bearers."""

from __future__ import annotations

from itertools import accumulate
from random import Random

# per hundred thousand people; the rare ones are those that a dictionary reads wrong
_SURNAMES = {
    "王": 7150, "李": 6970, "张": 6740, "刘": 5160, "陈": 4610, "杨": 3070, "黄": 2300, "赵": 2080, "吴": 2020, "周": 1990,
    "徐": 1500, "孙": 1430, "马": 1310, "朱": 1250, "胡": 1200, "郭": 1180, "何": 1110, "林": 1080, "高": 1010, "罗": 980,
    "郑": 930, "梁": 850, "谢": 780, "宋": 750, "唐": 700, "许": 670, "韩": 660, "冯": 640, "邓": 610, "曹": 590,
    "彭": 580, "曾": 570, "肖": 560, "田": 520, "董": 510, "袁": 490, "潘": 480, "于": 480, "蒋": 470, "蔡": 460,
    "余": 450, "杜": 440, "叶": 430, "程": 430, "苏": 420, "魏": 410, "吕": 400, "丁": 390, "任": 390, "沈": 380,
    "姚": 370, "卢": 370, "姜": 360, "崔": 350, "钟": 350, "谭": 340, "陆": 340, "汪": 330, "范": 330, "金": 320,
    "石": 310, "廖": 310, "贾": 300, "夏": 300, "韦": 290, "方": 280, "白": 270, "邹": 270, "孟": 260, "熊": 260,
    "秦": 250, "邱": 250, "江": 240, "尹": 240, "薛": 230, "段": 220, "雷": 220, "侯": 210, "龙": 210, "史": 200,
    "陶": 190, "黎": 190, "贺": 180, "顾": 180, "毛": 170, "郝": 170, "龚": 160, "邵": 160, "万": 150, "钱": 150,
    "严": 140, "武": 130, "戴": 130, "莫": 120, "孔": 120, "向": 110, "汤": 110, "欧阳": 70, "单": 40, "解": 35,
    "查": 25, "朴": 20, "华": 20, "仇": 15, "区": 12, "乐": 10, "上官": 8, "司马": 5, "诸葛": 4, "尉迟": 3,
}  # fmt: skip
SURNAMES = tuple(_SURNAMES)
_CUMULATED = tuple(accumulate(_SURNAMES.values()))

# (born before, sex) -> first and second characters of given names of that time
_GIVEN: tuple[tuple[int, str, str, str], ...] = (
    (1955, "male", "德福长永国文玉金世明志兴", "山贵顺田生财元海林才旺祥"),
    (1955, "female", "秀桂玉淑凤兰素春翠瑞惠月", "英珍芳兰荣华云贞琴梅香莲"),
    (1980, "male", "建国志文卫军永新立海庆向", "国华军强明平民斌林辉东刚"),
    (1980, "female", "丽秀红艳玉春桂美晓海小雪", "红霞梅萍英华燕玲芬琴云敏"),
    (2000, "male", "伟志俊晓海鹏宇文嘉明建天", "伟超杰涛鹏飞磊峰龙斌辉亮"),
    (2000, "female", "晓丽婷雪静文佳思海雅倩丹", "婷静娜丹莹娟雯洁颖琳慧瑶"),
    (9999, "male", "子浩宇俊梓嘉睿铭奕博泽皓", "轩宇泽豪然辰睿涵博阳航霖"),
    (9999, "female", "子梓欣雨诗语思可嘉一佳若", "涵萱怡彤涵晴妍琪瑶然诺汐"),
)  # fmt: skip
_SINGLE_CHANCE = 0.22
"""So many of those born between 1955 and 2000 have one character only."""


def a_surname(chance: Random) -> str:
    return chance.choices(SURNAMES, cum_weights=_CUMULATED)[0]


def a_given_name(chance: Random, sex: str, birth_year: int) -> str:
    firsts, seconds = next((a, b) for before, which, a, b in _GIVEN if which == sex and birth_year < before)
    if 1955 <= birth_year < 2000 and chance.random() < _SINGLE_CHANCE:
        return chance.choice(seconds)
    return chance.choice(firsts) + chance.choice(seconds)
