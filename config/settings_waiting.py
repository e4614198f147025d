"""Declares the settings of waiting: limits of queues, announcements, call-backs, last agent, emergency."""

from config.settings_sections import Section, _number, _text


class QueueLimitSettings(Section):
    length_max: int = _number("Callers in line before a newcomer is told; 0 means no limit", "callers", 0, 1000)
    calls_per_agent_max: float = _number("Callers for each agent before that; 0 means no limit", "ratio", 0, 100)
    wait_max_s: int = _number("Wait after which a caller is told; 0 means no limit", "s", 0, 7200)


class WaitingSettings(Section):
    limits: dict[str, QueueLimitSettings] = _text("By queue; a queue that is not named has no limits")
    announce_every_s: int = _number("Pause between two announcements to a caller who waits", "s", 15, 600)
    call_back_tick_s: float = _number("Time between two looks for call-backs that are next", "s", 0.2, 10)
    call_back_ring_s: float = _number("How long the phone of somebody who is called back rings", "s", 10, 60)
    last_agent_days: int = _number("Who talked with a patient so lately is asked first; 0 means nobody", "days", 0, 365)
    last_agent_s: int = _number("After so long everybody is asked", "s", 5, 60)
    emergency_number: str = _text("急诊/总值班, rung when no agent can; empty means nobody", pattern=r"^(\d{3,15})?$")
    emergency_wait_s: int = _number("How long agents are asked before that", "s", 5, 120)
