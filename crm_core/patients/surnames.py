"""Chinese surnames that a general dictionary reads wrong, and those of two characters."""

from __future__ import annotations

SINGLE: dict[str, str] = {
    "单": "shan", "解": "xie", "仇": "qiu", "曾": "zeng", "区": "ou", "查": "zha", "乐": "yue", "任": "ren",
    "朴": "piao", "盖": "ge", "秘": "bi", "冼": "xian", "翟": "zhai", "宓": "mi", "缪": "miao", "晁": "chao",
    "逄": "pang", "员": "yun", "覃": "qin", "华": "hua", "纪": "ji", "洗": "xian", "黑": "he", "佴": "nai",
    "种": "chong", "折": "she", "召": "shao", "句": "gou", "隗": "wei", "牟": "mou", "贾": "jia", "石": "shi",
    "葛": "ge", "费": "fei", "哈": "ha", "那": "na", "臧": "zang", "谌": "chen", "芮": "rui", "郇": "xun",
    "郗": "xi", "过": "guo", "尹": "yin", "沈": "shen", "宁": "ning", "车": "che", "褚": "chu", "繁": "po",
    "乜": "nie", "祭": "zhai", "祝": "zhu", "燕": "yan", "应": "ying", "曲": "qu", "卜": "bu", "呙": "guo",
    "幺": "yao", "干": "gan", "强": "qiang", "相": "xiang", "都": "du", "长": "zhang", "重": "chong", "卒": "zu",
    "库": "she", "适": "kuo", "不": "fou", "参": "shen", "殷": "yin", "郄": "qie", "尉": "wei", "令": "ling",
    "万": "wan", "眭": "sui", "妫": "gui", "郜": "gao", "麴": "qu", "訾": "zi", "阚": "kan", "笪": "da",
    "亓": "qi", "揭": "jie", "朱": "zhu", "薄": "bo", "尧": "yao", "角": "jue", "鲜": "xian", "乘": "sheng",
    "谷": "gu", "降": "jiang", "南": "nan", "於": "yu", "余": "yu", "和": "he", "景": "jing", "盛": "sheng",
    "柏": "bai", "吕": "lv", "行": "xing", "红": "hong", "合": "he", "浣": "huan", "粘": "nian", "撖": "han",
}  # fmt: skip

COMPOUND: dict[str, tuple[str, str]] = {
    "欧阳": ("ou", "yang"), "司马": ("si", "ma"), "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"),
    "夏侯": ("xia", "hou"), "东方": ("dong", "fang"), "皇甫": ("huang", "fu"), "尉迟": ("yu", "chi"),
    "公孙": ("gong", "sun"), "慕容": ("mu", "rong"), "令狐": ("ling", "hu"), "司徒": ("si", "tu"),
    "司空": ("si", "kong"), "宇文": ("yu", "wen"), "长孙": ("zhang", "sun"), "南宫": ("nan", "gong"),
    "万俟": ("mo", "qi"), "闻人": ("wen", "ren"), "赫连": ("he", "lian"), "澹台": ("tan", "tai"),
    "公冶": ("gong", "ye"), "宗政": ("zong", "zheng"), "濮阳": ("pu", "yang"), "淳于": ("chun", "yu"),
    "单于": ("chan", "yu"), "太叔": ("tai", "shu"), "申屠": ("shen", "tu"), "轩辕": ("xuan", "yuan"),
    "钟离": ("zhong", "li"), "鲜于": ("xian", "yu"), "闾丘": ("lv", "qiu"), "亓官": ("qi", "guan"),
    "司寇": ("si", "kou"), "子车": ("zi", "ju"), "颛孙": ("zhuan", "sun"), "端木": ("duan", "mu"),
    "巫马": ("wu", "ma"), "公西": ("gong", "xi"), "漆雕": ("qi", "diao"), "乐正": ("yue", "zheng"),
    "壤驷": ("rang", "si"), "公良": ("gong", "liang"), "拓跋": ("tuo", "ba"), "夹谷": ("jia", "gu"),
    "宰父": ("zai", "fu"), "谷梁": ("gu", "liang"), "百里": ("bai", "li"), "东郭": ("dong", "guo"),
    "南门": ("nan", "men"), "呼延": ("hu", "yan"), "羊舌": ("yang", "she"), "微生": ("wei", "sheng"),
    "左丘": ("zuo", "qiu"), "东门": ("dong", "men"), "西门": ("xi", "men"), "第五": ("di", "wu"),
    "独孤": ("du", "gu"), "完颜": ("wan", "yan"), "纳兰": ("na", "lan"), "耶律": ("ye", "lv"),
    "叶赫": ("ye", "he"), "爱新": ("ai", "xin"), "贺兰": ("he", "lan"), "尔朱": ("er", "zhu"),
    "仆固": ("pu", "gu"), "哥舒": ("ge", "shu"), "阿史": ("a", "shi"), "拓拔": ("tuo", "ba"),
    "仲长": ("zhong", "zhang"), "叔孙": ("shu", "sun"), "屈突": ("qu", "tu"), "梁丘": ("liang", "qiu"),
    "欧侯": ("ou", "hou"), "段干": ("duan", "gan"), "褚师": ("chu", "shi"),
}  # fmt: skip
