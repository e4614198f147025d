"""The catalogue: every sentence of every language can be said, names never become silence or another name."""

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompt_catalogue import LANGUAGES, PromptCatalogue, PromptError, load_catalogue
from ivr.prompt_sentences import SLOTS, SentenceKind

ZH, EN = load_catalogue("zh"), load_catalogue("en")
BOTH = pytest.mark.parametrize("catalogue", [ZH, EN], ids=LANGUAGES)
APPOINTMENT = {"date": dt.date(2026, 11, 23), "time": dt.time(9, 30), "department": "心内科", "doctor": "王建国"}


def said(catalogue: PromptCatalogue, kind: SentenceKind, **values: object) -> str:
    return catalogue.text_of(catalogue.fragments_for(kind, values))


def test_given_an_appointment_when_said_in_mandarin_then_date_time_department_and_doctor_are_whole_fragments() -> None:
    assert ZH.fragments_for("appointment", APPOINTMENT) == [
        "hl/appointment-at", "hl/month-11", "hl/day-23", "hl/weekday-1", "hl/time-am-9-30", "hl/dept-cardiology",
        "hl/doctor-wang-jianguo",
    ]  # fmt: skip
    assert (
        said(ZH, SentenceKind.APPOINTMENT, **APPOINTMENT)
        == "您的预约时间是十一月二十三号星期一上午九点半心内科王建国医生"
    )


def test_given_a_chinese_department_when_said_in_english_then_its_english_name_is_used() -> None:
    assert "cardiology" in said(EN, SentenceKind.APPOINTMENT, **APPOINTMENT)


def test_given_tomorrow_when_today_is_known_then_it_is_said_so() -> None:
    spoken = said(ZH, SentenceKind.DATE, date=dt.date(2026, 11, 24), today=dt.date(2026, 11, 23))
    assert spoken == "明天十一月二十四号"


@BOTH
def test_given_unknown_names_when_said_then_a_neutral_fragment_stands_for_them(catalogue: PromptCatalogue) -> None:
    values = {**APPOINTMENT, "department": "无此科", "doctor": "无此人", "patient": "某甲乙"}
    sounds = catalogue.fragments_for(SentenceKind.APPOINTMENT_OF, values)
    assert {"hl/dept-unknown", "hl/doctor-unknown", "hl/patient-unknown"} <= set(sounds)


@pytest.mark.parametrize(
    ("doctor", "title", "spoken"),
    [
        ("王建国", "主任医师", "王建国医生主任医师"), ("王无名", "副主任医师", "王医生副主任医师"),
        ("孙无名", "无此职称", "孙医生"), ("曾无名", "主治医师", "曾医生主治医师"),
        ("怪无名", "主任医师", "您预约的医生主任医师"),
        ("", "", "您预约的医生"),
    ],
)  # fmt: skip
def test_given_a_doctor_when_offered_then_by_full_name_or_surname_or_neutrally_and_with_the_title(
    doctor: str, title: str, spoken: str
) -> None:
    values = {"doctor": doctor, "doctor_title": title, "press": "1"}
    assert said(ZH, SentenceKind.DOCTOR_TITLE_CHOICE, **values) == spoken + "请按一"


@pytest.mark.parametrize(
    ("patient", "sex", "spoken"),
    [
        ("阿莎", "", "阿莎"), ("曾某某", "female", "曾女士"), ("欧阳锋", "male", "欧阳先生"), ("王女士", "female", "王女士"),
        ("怪姓", "male", "这位先生"), ("王某", "", "这位就诊人"), ("", "female", "这位女士"), ("Smith", "male", "这位先生"),
    ],
)  # fmt: skip
def test_given_a_patient_when_addressed_then_by_name_or_surname_or_neutrally(
    patient: str, sex: str, spoken: str
) -> None:
    assert said(ZH, SentenceKind.GREETING_KNOWN, patient=patient, sex=sex) == spoken + "您好"


@given(st.integers(0, 9_999))
def test_given_a_number_when_said_in_pieces_then_it_equals_the_number_said_whole(value: int) -> None:
    from ivr import spoken_zh

    assert said(ZH, SentenceKind.NUMBER, number=value) == spoken_zh.number(value)
    assert said(EN, SentenceKind.NUMBER, number=value)


@given(st.times())
def test_given_any_minute_of_the_day_when_said_then_exactly_that_time_is_heard(value: dt.time) -> None:
    spoken = said(ZH, SentenceKind.TIME, time=value)
    minute = value.minute
    tails = {0: {""}, 30: {"半", "三十分"}}.get(minute, {f"{'零' if minute < 10 else ''}{_number(minute)}分"})
    from ivr import spoken_zh

    assert spoken in {spoken_zh.day_period(value.hour) + spoken_zh.hour_words(value.hour) + tail for tail in tails}
    assert said(EN, SentenceKind.TIME, time=value)


def _number(value: int) -> str:
    from ivr import spoken_zh

    return spoken_zh.number(value)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2060, 12, 31)))
def test_given_any_date_when_said_then_every_fragment_is_in_both_languages(value: dt.date) -> None:
    for catalogue in (ZH, EN):
        assert all(
            sound.removeprefix("hl/") in catalogue for sound in catalogue.fragments_for("date-spoken", {"date": value})
        )


@pytest.mark.parametrize(
    ("ahead", "key"), [(-1, "queue-next"), (0, "queue-next"), (1, "queue-position-1"), (11, "queue-position-many")]
)
def test_given_a_place_in_the_queue_when_said_then_it_is_never_a_missing_number(ahead: int, key: str) -> None:
    assert ZH.fragments_for("queue-position", {"position": ahead}) == [f"hl/{key}"]


@given(st.integers(-5, 500))
def test_given_an_expected_wait_when_said_then_it_is_never_shorter_than_expected(minutes: int) -> None:
    (sound,) = ZH.fragments_for("queue-wait", {"minutes": minutes})
    assert sound == "hl/queue-wait-long" if minutes > 30 else int(sound.rpartition("-")[2]) >= minutes


@given(st.integers(0, 99_999_999))
def test_given_an_amount_of_money_when_said_in_pieces_then_it_equals_the_amount_said_whole(fen: int) -> None:
    from ivr import spoken_zh

    whole = spoken_zh.money_words(f"{fen // 100}.{fen % 100:02d}")
    assert said(ZH, SentenceKind.AMOUNT, amount_fen=fen) == whole
    assert said(EN, SentenceKind.AMOUNT, amount_fen=fen)


@pytest.mark.parametrize("fen", [-1, 100_000_000])
def test_given_an_amount_out_of_range_when_said_then_it_is_refused(fen: int) -> None:
    with pytest.raises(PromptError, match="amount"):
        ZH.fragments_for(SentenceKind.AMOUNT, {"amount_fen": fen})


@given(st.integers(1, 60))
def test_given_working_days_until_a_reply_when_said_then_never_fewer_are_promised(days: int) -> None:
    (sound,) = ZH.fragments_for(SentenceKind.REPLY_DUE, {"number": days})
    step = sound.rpartition("-")[2]
    assert step == "many" if days > 15 else int(step) >= days


def test_given_a_number_of_appointments_when_said_then_it_is_one_whole_sentence() -> None:
    assert said(ZH, SentenceKind.APPOINTMENTS_COUNT, number=2) == "您一共有2个预约。"
    assert ZH.fragments_for(SentenceKind.APPOINTMENTS_COUNT, {"number": 12}) == ["hl/appointments-count-many"]


def test_given_one_in_a_digit_string_when_said_then_yao_and_as_a_key_yi() -> None:
    assert said(ZH, SentenceKind.AGENT_NUMBER, digits="1032") == "工号幺零三二为您服务"
    assert said(ZH, SentenceKind.DEPARTMENT_CHOICE, department="骨科", press="1") == "骨科请按一"


@pytest.mark.parametrize("hostile", ["", "12a", "１２", "1&Local/x", "../1", "1\n2"])
def test_given_hostile_digits_when_said_then_they_are_refused_and_no_file_name_is_made(hostile: str) -> None:
    with pytest.raises(PromptError):
        ZH.fragments_for("digits-spoken", {"digits": hostile})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("no-such-sentence", {}), ("date-spoken", {}), ("date-spoken", {"date": "2026-11-23"}),
        ("number-spoken", {"number": 10_000}), ("department-choice", {"department": "骨科", "press": "12"}),
    ],
)  # fmt: skip
def test_given_a_wrong_sentence_or_value_when_said_then_the_error_names_it(
    kind: str, values: dict[str, object]
) -> None:
    with pytest.raises(PromptError, match=re.escape(kind)):
        ZH.fragments_for(kind, values)


@BOTH
def test_given_every_sentence_when_its_template_is_read_then_keys_and_slots_exist(catalogue: PromptCatalogue) -> None:
    for kind in SentenceKind:
        for part in catalogue.sentence(kind):
            assert part[1:-1] in SLOTS if part.startswith("{") else part in catalogue


def test_given_the_two_languages_when_compared_then_every_whole_prompt_exists_in_both() -> None:
    groups = {"fixed", "queue", "keys", "departments", "pieces", "options", "fees", "titles", "ordinals"}
    whole = {prompt.key for prompt in ZH.prompts() if prompt.group in groups}
    assert whole <= EN.keys()


@BOTH
def test_given_every_prompt_when_made_speakable_then_no_digit_or_key_is_left(catalogue: PromptCatalogue) -> None:
    for prompt in catalogue.prompts():
        bare = re.sub(r"\{[a-z]+[1-5]\}", "", prompt.spoken)
        assert not re.search(r"[0-9*#]" if catalogue.language == "en" else r"[0-9A-Za-z*#{}]", bare), prompt.key
        assert re.fullmatch(r"[a-z0-9-]+", prompt.key)


def test_given_surnames_with_a_special_reading_when_prepared_then_the_voice_gets_the_reading() -> None:
    assert ZH.prompt("surname-zeng-ms").spoken == "曾{zeng1}女士"
    assert ZH.prompt("patient-shan-xiong").spoken == "单{shan4}雄"
    assert ZH.prompt("doctor-xie-xiaodong").spoken.startswith("解{xie4}晓东")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[prompts.a]\nx = "1"\n[prompts.b]\nx = "2"\n', "twice"),
        ('[prompts.a]\nx = " "\n', "no text"),
        ("[prompts.a\n", "cannot be read"),
    ],
)
def test_given_a_broken_catalogue_when_loaded_then_the_error_names_file_and_key(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "zh.toml").write_text(content, encoding="utf-8")
    with pytest.raises(PromptError, match=message):
        load_catalogue("zh", folder=tmp_path)


@pytest.mark.parametrize("key", ["identity-last-four-ask"])
def test_given_an_identity_number_that_ends_in_x_when_asked_for_then_the_key_for_it_is_told(key: str) -> None:
    assert re.search(r"字母，请按\*键", ZH.text(key))
    assert "press star" in EN.text(key)


THIRTY_DEPARTMENTS = (
    "内科", "外科", "儿科", "妇科", "产科", "骨科", "眼科", "耳鼻喉科", "口腔科", "皮肤科", "心内科", "呼吸内科", "消化内科",
    "神经内科", "神经外科", "肾内科", "内分泌科", "血液科", "肿瘤科", "泌尿外科", "心胸外科", "普外科", "中医科", "康复科",
    "感染科", "急诊科", "精神科", "营养科", "体检中心", "疼痛科",
)  # fmt: skip


@BOTH
def test_given_the_departments_of_a_hospital_when_said_then_each_has_its_own_sound(catalogue: PromptCatalogue) -> None:
    keys = [catalogue.key_for_text(name) for name in THIRTY_DEPARTMENTS]
    assert None not in keys
    assert len(set(keys)) == len(THIRTY_DEPARTMENTS)


def test_given_the_frequent_surnames_when_titled_then_each_has_its_own_sound() -> None:
    surnames = [prompt.text.removesuffix("先生") for prompt in ZH.prompts() if prompt.key.endswith("-mr")]
    surnames.remove("这位")
    assert len(surnames) >= 100
    assert [name for name in surnames if ZH.key_for_text(name + "女士") is None] == []
    assert [name for name in surnames[:60] if ZH.key_for_text(name + "医生") is None] == []


def test_given_the_demo_hospital_when_its_names_are_said_then_each_has_its_own_sound() -> None:
    from config.demo.hospital import DEPARTMENTS, DOCTORS, PATIENTS

    lacking = [row[1] for row in DEPARTMENTS if ZH.key_for_text(row[1]) is None]
    lacking += [row[1] for row in DOCTORS if ZH.key_for_text(row[1] + "医生") is None]
    lacking += [patient.name for patient in PATIENTS if ZH.key_for_text(patient.name) is None]
    assert lacking == []


DIALPLAN = Path(__file__).parents[3] / "config" / "asterisk" / "templates" / "extensions.conf.j2"


def test_given_the_dialplan_when_it_plays_a_prompt_then_the_catalogue_has_it() -> None:
    played = set(re.findall(r"hl/([a-z0-9-]+)", DIALPLAN.read_text(encoding="utf-8")))
    assert played
    assert played <= ZH.keys() & EN.keys()
