"""Prompts of one's own and the sounds made for prompts, over both databases."""

from __future__ import annotations

import pytest

from crm_core.errors import Conflict, InvalidInput, NotFound, WrongState
from crm_core.menus.cards import Editor, SoundSource, SoundState
from crm_core.menus.prompt_records import PromptRecords
from tests.support.ground import Ground

ALICE, BOB = Editor(7, "10.0.0.7"), Editor(8)


@pytest.fixture
def records(ground: Ground) -> PromptRecords:
    return PromptRecords(ground.database, ground.clock, audit=ground.audit)


def sound(records: PromptRecords, key: str = "greeting") -> int:
    made = records.begin(key, "zh", ALICE, source=SoundSource.RECORDED, text="您好")
    return records.made(made.id, file_name=f"{made.id}.g722", sha256="ab" * 32, length_s=1.5, level_dbfs=-20.0).id


@pytest.mark.capability("C6")
def test_given_sounds_when_published_one_after_the_other_then_the_former_can_be_taken_again(
    records: PromptRecords,
) -> None:
    first, second = sound(records), sound(records)
    records.publish(first, ALICE)
    records.publish(second, ALICE)
    assert {one.id: one.state for one in records.sounds(key="greeting")} == {
        first: SoundState.SUPERSEDED, second: SoundState.PUBLISHED,
    }  # fmt: skip
    records.publish(first, BOB)
    assert records.sound(second).state is SoundState.SUPERSEDED
    assert records.withdraw("greeting", "zh", BOB).id == first
    with pytest.raises(NotFound):
        records.withdraw("greeting", "zh", BOB)


def test_given_a_sound_that_is_not_ready_when_published_then_refused(records: PromptRecords) -> None:
    waiting = records.begin("greeting", "zh", ALICE, source=SoundSource.SYNTHESISED, text="您好")
    with pytest.raises(WrongState):
        records.publish(waiting.id, ALICE)
    assert records.fail_waiting("stopped") == 1
    assert records.sound(waiting.id).problem == "stopped"
    published = sound(records)
    records.publish(published, ALICE)
    with pytest.raises(WrongState):
        records.discard(published, ALICE)
    records.discard(waiting.id, ALICE)
    with pytest.raises(NotFound):
        records.sound(waiting.id)


def test_given_an_own_prompt_when_added_twice_or_badly_then_refused(records: PromptRecords) -> None:
    records.add_prompt("flu-season", ALICE, text_zh="流感高发，\n请戴口罩。", text_en="")
    assert records.own_prompts()[0].text_zh == "流感高发， 请戴口罩。"
    with pytest.raises(Conflict):
        records.add_prompt("flu-season", BOB, text_zh="x", text_en="")
    for key, text in (("../x", "x"), ("ok", " "), ("ok", "a" * 501), ("ok", "a\x00b")):
        with pytest.raises(InvalidInput):
            records.add_prompt(key, ALICE, text_zh=text, text_en="")
    records.remove_prompt("flu-season", ALICE)
    assert records.own_prompts() == []
