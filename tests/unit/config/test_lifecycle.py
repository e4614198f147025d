"""The first start fills a home once, and never makes passwords that nobody gets to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import lifecycle
from config.first_settings import write_first_settings
from config.home import Home
from config.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOTLINE__DEMO__SIZE", "small")
    home = Home(tmp_path / "home")
    write_first_settings(home)
    return load_settings(home.root)


def test_given_a_first_start_that_is_interrupted_when_started_again_then_the_passwords_are_shown_with_it(
    settings: Settings,
) -> None:
    def stop(_done: float, _total: float, _what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lifecycle.prepare(settings, stop)
    assert [one.username for one in lifecycle.prepare(settings)] == ["bela", "bolin", "dora", "chen", "admin"]
    assert lifecycle.prepare(settings, stop) == [], "a later start has nothing to do"


def test_given_the_small_demo_when_asterisk_asks_then_every_department_has_its_number(settings: Settings) -> None:
    lifecycle.prepare(settings)
    departments = lifecycle.telephone_plan(settings)["departments"]
    assert len(departments) == 10
    assert ("cardiology", "01088881001") in {(one.code, one.number) for one in departments}
