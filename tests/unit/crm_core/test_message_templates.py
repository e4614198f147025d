"""Templates: a closed set of placeholders, nothing about health in what is pushed, values that stay values (R18)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from crm_core.messaging.default_templates import default_templates
from crm_core.messaging.kinds import Channel, Purpose
from crm_core.messaging.templates import Placeholder, Template, checked, masked_name, render, sms_parts

PLAIN = Template("enquiry_answer", Channel.SMS, "zh", "咨询答复", Purpose.ENQUIRY, "【{hospital}】{answer}")
HOSTILE = [
    "<script>alert(1)</script>", "{code}", "{answer}", "{{7*7}}", "{0.__class__}", "%s%n", "$(id)", "';--", "a\r\nTo: x@y.cn",
    "a\x00b", "‮evil", "a\u2028b", "=cmd|' /C calc'!A0", "x" * 10_000, "😀" * 500, "\\u003c", "{answer!r}", "\ud800",
]  # fmt: skip


@pytest.mark.capability("C123")
def test_given_the_built_in_messages_when_checked_then_all_are_there_in_both_languages() -> None:
    found = {(one.key, one.channel, one.language) for one in default_templates()}
    assert {key for key, channel, _ in found if channel is Channel.EMAIL} < {key for key, _, _ in found}
    assert {(key, channel) for key, channel, language in found if language == "zh"} == {
        (key, channel) for key, channel, language in found if language == "en"
    }


@pytest.mark.capability("A5.4")
@pytest.mark.parametrize("key", ["appointment_booked", "appointment_moved", "appointment_reminder"])
def test_given_a_confirmation_when_read_then_time_place_doctor_and_cautions_are_in_it(key: str) -> None:
    needed = {Placeholder.TIME, Placeholder.PLACE, Placeholder.DEPARTMENT, Placeholder.DOCTOR, Placeholder.CAUTIONS}
    assert all(needed <= one.placeholders for one in default_templates() if one.key == key)


@pytest.mark.parametrize("value", HOSTILE)
def test_given_a_hostile_value_when_filled_in_then_it_stays_one_harmless_line(value: str) -> None:
    text = render(checked(PLAIN), {"hospital": "仁爱医院", "answer": value}).text
    assert text.startswith("【仁爱医院】")
    assert not {"\r", "\n", "\x00", "\u2028", "\u202e"} & set(text)
    assert len(text) <= 310
    if "{" in value:
        assert text == f"【仁爱医院】{value}", "a value is never read as a template"


@given(st.text(max_size=400))
def test_given_any_value_when_filled_in_then_encodable_and_bounded(value: str) -> None:
    text = render(checked(PLAIN), {"hospital": "仁爱医院", "answer": value}).text
    assert len(text.encode()) <= 4 * 310


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "{diagnosis}", "{name.__class__}", "{name!r}", "{0}", "{}", "{{name}}", "{name", "name}", "{hospital}{", "{NAME}",
        "{name:>999999999}", "x" * 501, "a\x00", "a\r\nb", " a", "{hospital}\t",
    ],
)  # fmt: skip
def test_given_an_unusable_text_when_checked_then_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        checked(replace(PLAIN, text=text))


@pytest.mark.requirement("R18")
@pytest.mark.parametrize(
    "template",
    [
        replace(PLAIN, text="您的诊断已出"),
        replace(PLAIN, text="您的HIV化验结果"),
        replace(PLAIN, channel=Channel.APP, text="{department}提醒您"),
        replace(PLAIN, channel=Channel.APP, text="{name}您好"),
        replace(PLAIN, channel=Channel.WECHAT, text="{answer}"),
        replace(PLAIN, channel=Channel.EMAIL, subject="{department}预约"),
        replace(PLAIN, channel=Channel.EMAIL, subject="{name}的预约"),
    ],
)
def test_given_a_text_that_shows_health_to_everybody_when_checked_then_refused(template: Template) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(template)
    assert refused.value.code == "health_data"


@pytest.mark.parametrize(
    "template",
    [
        replace(PLAIN, key="Bad Key"), replace(PLAIN, language="fr"), replace(PLAIN, subject="no mail"),
        replace(PLAIN, channel=Channel.EMAIL), replace(PLAIN, channel=Channel.EMAIL, subject="a\r\nBcc: x@y.cn"),
        replace(PLAIN, channel=Channel.EMAIL, subject="x" * 61),
    ],
)  # fmt: skip
def test_given_a_wrong_frame_when_checked_then_refused(template: Template) -> None:
    with pytest.raises(InvalidInput):
        checked(template)


@pytest.mark.parametrize("values", [{}, {"hospital": "x"}, {"hospital": "x", "answer": "y", "diagnosis": "z"}])
def test_given_missing_or_unknown_values_when_filled_then_refused(values: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        render(checked(PLAIN), values)


@pytest.mark.requirement("R17")
def test_given_a_name_when_masked_then_only_its_first_character_is_told() -> None:
    assert [masked_name(name) for name in ("张三丰", "", "\x00", "A")] == ["张*", "", "", "A*"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 134, 2),
        ("中" * 135, 3),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("[" * 81, 2),
        ("😀" * 36, 2),
    ],
)
def test_given_a_text_when_counted_then_as_the_network_charges(text: str, parts: int) -> None:
    assert sms_parts(text) == parts
