"""The fixed part of the demo hospital: the departments of the telephone menu, the named doctors, patients and staff."""

from __future__ import annotations

from datetime import date, time

from crm_core.agents.kinds import Role
from crm_core.patients.cards import NewPatient

# code, name, English, place, key in the department menu, telephone number (answered by the simulated carrier)
DEPARTMENTS = (
    ("cardiology", "心内科", "Cardiology", "门诊楼3层A区", "1", "01088881001"),
    ("orthopedics", "骨科", "Orthopaedics", "门诊楼2层B区", "2", "01088881002"),
    ("pediatrics", "儿科", "Paediatrics", "门诊楼1层C区", "3", "01088881003"),
    ("gynecology", "妇产科", "Obstetrics and Gynaecology", "门诊楼4层A区", "4", "01088881004"),
    ("ophthalmology", "眼科", "Ophthalmology", "门诊楼5层A区", "5", "01088881005"),
    ("ent", "耳鼻喉科", "Ear, Nose and Throat", "门诊楼5层B区", "6", "01088881006"),
    ("dermatology", "皮肤科", "Dermatology", "门诊楼4层B区", "7", "01088881007"),
    ("neurology", "神经内科", "Neurology", "门诊楼3层B区", "8", "01088881008"),
    ("gastroenterology", "消化内科", "Gastroenterology", "门诊楼3层C区", "", "01088881009"),
    ("dentistry", "口腔科", "Dentistry", "门诊楼6层A区", "", "01088881010"),
)

# code, name, title, department
DOCTORS = (
    ("wang-jianguo", "王建国", "主任医师", "cardiology"),
    ("li-xiuying", "李秀英", "副主任医师", "cardiology"),
    ("zhang-wei", "张伟", "主任医师", "orthopedics"),
    ("liu-yang", "刘洋", "主治医师", "pediatrics"),
    ("chen-min", "陈敏", "主任医师", "gynecology"),
    ("zhao-lei", "赵磊", "副主任医师", "ophthalmology"),
    ("zhou-jing", "周静", "主治医师", "dermatology"),
    ("wu-gang", "吴刚", "主任医师", "neurology"),
    ("zeng-guoqiang", "曾国强", "主任医师", "gastroenterology"),
    ("xie-xiaodong", "解晓东", "副主任医师", "ent"),
    ("sun-li", "孙丽", "主治医师", "dentistry"),
    ("ouyang-ming", "欧阳明", "主任医师", "cardiology"),
)

_ALL_CONSENTS = {"recording": True, "outbound": True, "sms": True}


def _patient(name: str, gender: str, born: str, phones: tuple[tuple[str, str], ...], **more: object) -> NewPatient:
    more.setdefault("consents", _ALL_CONSENTS)
    return NewPatient(name=name, gender=gender, birth_date=date.fromisoformat(born), phones=phones, **more)  # type: ignore[arg-type]


PATIENTS = (
    _patient("阿莎", "female", "1988-06-15", (("13800000001", "self"), ("01066778801", "self")),
             id_number="11010119880615002X", card_number="C0000001", tier="gold", vip_level=1, vip_card="VIP-000123",
             insurance="城镇职工医保", allergies="青霉素过敏", cautions="2025年心脏支架术后，服用抗凝药", preferred_time="上午",
             tags=("慢病管理",)),
    # two people on one number: a mother and her child
    _patient("李小明", "male", "2016-03-02", (("13800000002", "child"),), id_number="110101201603020031",
             card_number="C0000002", insurance="城乡居民医保", allergies="花粉"),
    _patient("王芳", "female", "1985-09-21", (("13800000002", "self"),), id_number="110101198509210043",
             card_number="C0000003", tier="iron", insurance="城镇职工医保"),
    _patient("欧阳娜娜", "female", "1952-01-30", (("13800000003", "self"), ("13800000004", "child")),
             id_number="110101195201300026", card_number="C0000004", tier="platinum", vip_level=2,
             vip_card="VIP-000007", cautions="听力差，请慢速", insurance="公费医疗"),
    _patient("张敏", "female", "1979-11-05", (("13800000005", "self"),), id_number="110101197911050028", card_number="C0000005"),
    _patient("刘强", "male", "1990-04-18", (("13800000006", "self"),), id_number="110101199004180019", card_number="C0000006"),
    _patient("陈静", "female", "1995-12-12", (("13800000007", "self"),), id_number="11010119951212006X", card_number="C0000007"),
    _patient("赵婷", "female", "1983-07-07", (("13800000008", "self"),), card_number="C0000008",
             consents={"recording": True, "outbound": False, "sms": False}),
    _patient("曾丽", "female", "1968-02-14", (("13800000009", "self"),), card_number="C0000009", tier="lead"),
    _patient("单雄", "male", "1975-05-25", (("13800000010", "self"),), card_number="C0000010"),
)  # fmt: skip

# index into PATIENTS, doctor, days from today, time of day; booked elsewhere: they have no seat here
APPOINTMENTS = (
    (0, "wang-jianguo", 1, time(9, 30)),
    (0, "chen-min", 8, time(14, 0)),
    (1, "liu-yang", 2, time(10, 0)),
    (2, "zhou-jing", 3, time(15, 30)),
    (3, "wu-gang", 1, time(8, 30)),
    (5, "zhang-wei", 4, time(11, 0)),
)

# login, name, role, extension, queues
CAST = (
    ("bela", "贝拉", Role.AGENT, "1001", ("booking", "enquiry", "complaint", "emergency")),
    ("bolin", "柏林", Role.AGENT, "1002", ("booking", "enquiry", "complaint", "emergency")),
    ("dora", "朵拉", Role.AGENT, "1003", ("complaint",)),
    ("chen", "陈", Role.SUPERVISOR, "1900", ()),
    ("admin", "管理员", Role.ADMIN, None, ()),
)

# Only the whole hospital has these: thirty in all, the first one instead of the menu's 妇产科.
MORE_DEPARTMENTS = (
    ("gynecology", "妇科", "Gynaecology", "门诊楼4层A区", "4", "01088881004"),
    ("internal", "内科", "Internal Medicine", "门诊楼2层A区", "", "01088881011"),
    ("surgery", "外科", "Surgery", "门诊楼2层C区", "", "01088881012"),
    ("obstetrics", "产科", "Obstetrics", "门诊楼4层C区", "", "01088881013"),
    ("respiratory", "呼吸内科", "Respiratory Medicine", "门诊楼3层D区", "", "01088881014"),
    ("neurosurgery", "神经外科", "Neurosurgery", "门诊楼3层E区", "", "01088881015"),
    ("nephrology", "肾内科", "Nephrology", "门诊楼3层F区", "", "01088881016"),
    ("endocrinology", "内分泌科", "Endocrinology", "门诊楼2层D区", "", "01088881017"),
    ("hematology", "血液科", "Haematology", "门诊楼2层E区", "", "01088881018"),
    ("oncology", "肿瘤科", "Oncology", "门诊楼6层B区", "", "01088881019"),
    ("urology", "泌尿外科", "Urology", "门诊楼2层F区", "", "01088881020"),
    ("cardiothoracic", "心胸外科", "Cardiothoracic Surgery", "门诊楼5层C区", "", "01088881021"),
    ("general-surgery", "普外科", "General Surgery", "门诊楼2层G区", "", "01088881022"),
    ("chinese-medicine", "中医科", "Traditional Chinese Medicine", "门诊楼1层D区", "", "01088881023"),
    ("rehabilitation", "康复科", "Rehabilitation", "康复楼1层", "", "01088881024"),
    ("infectious", "感染科", "Infectious Diseases", "感染楼1层", "", "01088881025"),
    ("emergency", "急诊科", "Emergency", "急诊楼1层", "", "01088881026"),
    ("psychiatry", "精神科", "Psychiatry", "门诊楼6层C区", "", "01088881027"),
    ("nutrition", "营养科", "Nutrition", "门诊楼1层E区", "", "01088881028"),
    ("checkup", "体检中心", "Check-up Centre", "体检楼1层", "", "01088881029"),
    ("pain", "疼痛科", "Pain Clinic", "门诊楼6层D区", "", "01088881030"),
)

# Hours of its own for those that callers do not choose in the menu; all others have the hospital's.
DEPARTMENT_HOURS = {"checkup": ("07:30-11:30",), "psychiatry": ("08:30-12:00", "13:30-17:00")}
OFFICE_HOURS = ("08:00-12:00", "13:30-17:30")
ALWAYS_OPEN = "emergency"

# index into PATIENTS, department, disease, doctor, days ago, in hospital
CAST_VISITS = (
    (0, "cardiology", "冠心病 稳定型心绞痛", "wang-jianguo", 320, True),
    (0, "cardiology", "冠心病 稳定型心绞痛", "wang-jianguo", 88, False),
    (0, "cardiology", "高血压2级", "wang-jianguo", 25, False),
    (0, "gynecology", "围绝经期综合征", "chen-min", 130, False),
    (1, "pediatrics", "急性上呼吸道感染", "liu-yang", 9, False),
    (2, "dermatology", "湿疹", "zhou-jing", 40, False),
    (3, "neurology", "脑梗死 恢复期", "wu-gang", 27, False),
    (3, "ophthalmology", "老年性白内障", "zhao-lei", 200, True),
    (4, "gastroenterology", "结肠息肉 切除术后", "zeng-guoqiang", 3, True),
    (5, "orthopedics", "腰椎间盘突出症", "zhang-wei", 60, False),
    (6, "dermatology", "寻常痤疮", "zhou-jing", 70, False),
    (7, "ent", "变应性鼻炎", "xie-xiaodong", 15, False),
    (9, "dentistry", "牙周炎", "sun-li", 120, False),
)
