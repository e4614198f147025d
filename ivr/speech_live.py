"""A catalogue that learns: names and sentences without a sound are made in the background and said whole the next time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from ivr.prompt_catalogue import Prompt, PromptCatalogue, Voicing, speakable
from ivr.prompt_sentences import SentenceKind
from ivr.speech import LIVE_FOLDER, SpeechService, Utterance

# Sentences with a patient's name stay fragments: no sound of them is kept on disk.
_PERSONAL = frozenset(
    {
        SentenceKind.APPOINTMENT_OF,
        SentenceKind.PATIENT_CHOICE,
        SentenceKind.GREETING_KNOWN,
        SentenceKind.BOOKING_CONFIRMATION_FOR,
        SentenceKind.DIGITS,
        SentenceKind.TICKET,
        SentenceKind.CALL_BACK_TO,
    }
)
_SENTENCE_SPEED = 0.9
_REMEMBERED = 2_000


class LiveCatalogue(PromptCatalogue):
    """The shipped prompts, and beside them what the voice has made since. Shared by all callers' threads.

    A caller never waits: what is not ready is said with the shipped fragments.
    """

    def __init__(self, shipped: PromptCatalogue, speech: SpeechService) -> None:
        super().__init__(
            shipped.language,
            {prompt.key: prompt for prompt in shipped.prompts()},
            sentences={kind.value: shipped.sentence(kind) for kind in SentenceKind},
        )
        self._speech = speech
        self._voicings = {prompt.group: prompt.voicing for prompt in reversed(shipped.prompts())}
        self._lock = threading.Lock()
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._wished: OrderedDict[str, int] = OrderedDict()

    def prompt(self, key: str) -> Prompt:
        with self._lock:
            text = self._texts.get(key)
        return super().prompt(key) if text is None else Prompt(key, text, text, Voicing("live"))

    def sound(self, key: str) -> str:
        return key if key.startswith(LIVE_FOLDER + "/") else super().sound(key)

    def key_for_name(self, text: str, *, group: str) -> str | None:
        """The sound of a name; one that is missing is asked for with the voicing of its group (Mandarin only)."""
        if (key := super().key_for_name(text, group=group)) is not None or self.language != "zh" or not text:
            return key
        voicing = self._voicings.get(group, Voicing(group))
        spoken = speakable(self.language, text, is_name=voicing.names)
        return self._live(Utterance(spoken, self.language, voicing.speed, voicing.carrier, voicing.lead), text)

    def fragments_for(self, kind: SentenceKind | str, values: Mapping[str, object]) -> list[str]:
        """As the shipped catalogue; one sound for the whole Mandarin sentence when it has been made."""
        sounds = super().fragments_for(kind, values)
        is_settled = len(sounds) < 2 or any(sound.endswith("-unknown") for sound in sounds)
        if is_settled or kind in _PERSONAL or self.language != "zh":
            return sounds
        text = self.text_of(sounds)
        utterance = Utterance(self.spoken(text), self.language, _SENTENCE_SPEED)
        whole = self._live(utterance, text, is_wished=self._is_wished_again(text))
        return sounds if whole is None else [whole]

    def sound_for_text(self, text: str) -> str | None:
        """Running text (an answer, a notice) as one sound, or None: it is being made, or no voice is installed."""
        return self._live(Utterance(self.spoken(text), self.language, _SENTENCE_SPEED), text)

    def _live(self, utterance: Utterance, text: str, *, is_wished: bool = True) -> str | None:
        path = self._speech.find(utterance)
        if path is None:
            if is_wished:
                self._speech.request(utterance)
            return None
        name = _name_of(path)
        with self._lock:
            self._texts[name] = text
            self._texts.move_to_end(name)
            if len(self._texts) > _REMEMBERED:
                self._texts.popitem(last=False)
        return name

    def _is_wished_again(self, text: str) -> bool:
        """A sentence said once may never come again: only the second wish is worth two seconds of a processor."""
        with self._lock:
            self._wished[text] = self._wished.pop(text, 0) + 1
            if len(self._wished) > _REMEMBERED:
                self._wished.popitem(last=False)
            return self._wished[text] > 1


def _name_of(path: Path) -> str:
    """HOME/sounds/zh/live/<hash>.g722 -> live/<hash>, as Asterisk plays it."""
    return f"{LIVE_FOLDER}/{path.stem}"
