"""The demo hospital: departments, doctors, patients with families and appointments, and the cast that logs in."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from crm_core.agents.accounts import Accounts
from crm_core.agents.kinds import Role
from crm_core.clock import HOSPITAL_ZONE, Clock, at_hospital
from crm_core.patients.cards import NewPatient
from crm_core.patients.service import Patients

if TYPE_CHECKING:
    from crm_core.appointments.setup import AppointmentSetup


@dataclass(frozen=True)
class OneTimePassword:
    """A password made just now; it must be changed at the first log-in and is shown only once."""

    username: str
    password: str
    role: str


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
    _patient("阿莎", "female", "1988-06-15", (("13800000001", "self"), ("01066778801", "self")), id_number="11010119880615002X",
             card_number="C0000001", tier="gold", vip_level=1, vip_card="VIP-000123", insurance="城镇职工医保", allergies="青霉素过敏",
             cautions="2025年心脏支架术后，服用抗凝药", preferred_time="上午", tags=("慢病管理",)),
    # two people on one number: a mother and her child's grandmother share a telephone
    _patient("李小明", "male", "2016-03-02", (("13800000002", "child"),), id_number="110101201603020031", card_number="C0000002",
             insurance="城乡居民医保", allergies="花粉"),
    _patient("王芳", "female", "1985-09-21", (("13800000002", "self"),), id_number="110101198509210043", card_number="C0000003",
             tier="iron", insurance="城镇职工医保"),
    _patient("欧阳娜娜", "female", "1952-01-30", (("13800000003", "self"), ("13800000004", "child")), id_number="110101195201300026",
             card_number="C0000004", tier="platinum", vip_level=2, vip_card="VIP-000007", cautions="听力差，请慢速", insurance="公费医疗"),
    _patient("张敏", "female", "1979-11-05", (("13800000005", "self"),), id_number="110101197911050028", card_number="C0000005"),
    _patient("刘强", "male", "1990-04-18", (("13800000006", "self"),), id_number="110101199004180019", card_number="C0000006"),
    _patient("陈静", "female", "1995-12-12", (("13800000007", "self"),), id_number="11010119951212006X", card_number="C0000007"),
    _patient("赵婷", "female", "1983-07-07", (("13800000008", "self"),), card_number="C0000008", consents={"recording": True, "outbound": False, "sms": False}),
    _patient("曾丽", "female", "1968-02-14", (("13800000009", "self"),), card_number="C0000009", tier="lead"),
    _patient("单雄", "male", "1975-05-25", (("13800000010", "self"),), card_number="C0000010"),
)  # fmt: skip

# index into PATIENTS, doctor, days from today, time of day
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

_ALPHABET = "abcdefghjkmnpqrstuvwxyzACDEFGHJKMNPQRSTUVWXYZ2345679"


def new_password() -> str:
    """14 characters that are easy to read aloud, about 80 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def load_people(patients: Patients) -> None:
    """The named patients and a few hundred others; the same people every time (seed 95169).

    People who are there already (an interrupted start) are left as they are.
    """
    for new in (*PATIENTS, *_crowd()):
        if not patients.search(new.card_number):
            patients.register(new)


def load_appointments(setup: AppointmentSetup, patients: Patients, clock: Clock) -> None:
    """Departments, doctors and the cast's appointments, counted from today."""
    patient_ids = [patients.search(new.card_number)[0].id for new in PATIENTS]
    for code, name, name_en, place, digit, number in DEPARTMENTS:
        setup.add_department(code, name, name_en=name_en, place=place, menu_digit=digit, phone_number=number)
    for code, name, title, department in DOCTORS:
        setup.add_doctor(code, name, title=title, department_code=department)
    today = at_hospital(clock.now()).date()
    for index, doctor, days, clock_time in APPOINTMENTS:
        starts_at = datetime.combine(today + timedelta(days=days), clock_time, tzinfo=HOSPITAL_ZONE)
        setup.add_appointment(patient_ids[index], doctor, starts_at)


def load_cast(accounts: Accounts) -> list[OneTimePassword]:
    """The people of the demo; their passwords exist nowhere but in the answer (R1)."""
    made = []
    for login, name, role, extension, queues in CAST:
        password = new_password()
        accounts.create(login, password, name=name, role=role, extension=extension, queues=queues)
        made.append(OneTimePassword(login, password, f"{name} ({role.value}{' ' + extension if extension else ''})"))
    return made


_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂兰玉梅建国志文华红春燕晓东雪琴海波子涵雨欣浩然思远"


def _crowd(count: int = 300) -> list[NewPatient]:
    chance = random.Random(95169)
    crowd = []
    for index in range(count):
        born = date(1940, 1, 1) + timedelta(days=chance.randrange(80 * 365))
        given = "".join(chance.sample(_GIVEN, chance.choice((1, 2, 2))))
        crowd.append(
            NewPatient(
                name=chance.choice(_SURNAMES) + given,
                gender=chance.choice(("male", "female")),
                birth_date=born,
                card_number=f"C1{index:06d}",
                phones=((f"139{chance.randrange(10**8):08d}", "self"),),
                tier=chance.choices(("platinum", "gold", "iron", "lead"), (2, 10, 60, 28))[0],
                insurance=chance.choice(("城镇职工医保", "城乡居民医保", "公费医疗", "自费")),
                consents=_ALL_CONSENTS,
            )
        )
    return crowd
