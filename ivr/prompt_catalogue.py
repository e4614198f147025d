"""The catalogue of everything the hotline can say: key -> text, read from prompts/<language>.toml."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ivr import spoken_en, spoken_names, spoken_zh
from ivr.prompt_sentences import SentenceKind, keys_for_sentence

PROMPTS_FOLDER = Path(__file__).parent / "prompts"
RECIPES_NAME = "recipes.json"
LANGUAGES = ("zh", "en")
SOUND_PREFIX = "hl/"


class PromptError(Exception):
    """The catalogue is broken or asked for something it does not have; the message names the key."""

    code = "PROMPT-001"


@dataclass(frozen=True)
class Voicing:
    """How one group of prompts is synthesised: said after `carrier` (cut off again), at `speed` (1.0 natural).

    `lead` is how many phonemes of the carrier's pause stay: the model's durations put a soft onset (x, sh, s) too late.
    """

    group: str
    carrier: str = ""
    speed: float = 1.0
    lead: int = 0
    names: bool = False


@dataclass(frozen=True)
class Prompt:
    """One recorded piece: `text` as read, `spoken` as the voice engine gets it, `also` other names that it says."""

    key: str
    text: str
    spoken: str
    voicing: Voicing
    also: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.voicing.group

    @property
    def sound(self) -> str:
        """The name Asterisk plays, without suffix."""
        return SOUND_PREFIX + self.key

    @property
    def text_hash(self) -> str:
        """Changes when the sound must be made again."""
        recipe = f"{self.spoken}|{self.voicing.carrier}|{self.voicing.speed}"
        recipe += f"|{self.voicing.lead}" if self.voicing.lead else ""
        return hashlib.sha256(recipe.encode()).hexdigest()[:16]


class PromptCatalogue:
    """One language's prompts. Immutable, safe to share between threads."""

    def __init__(
        self,
        language: str,
        prompts: Mapping[str, Prompt],
        *,
        sentences: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.language = language
        self._prompts = MappingProxyType(dict(prompts))
        self._sentences = MappingProxyType(dict(sentences))
        self._key_by_text = {
            name: key for key, prompt in reversed(list(prompts.items())) for name in (prompt.text, *prompt.also)
        }

    def __contains__(self, key: str) -> bool:
        return key in self._prompts

    def __len__(self) -> int:
        return len(self._prompts)

    def keys(self) -> frozenset[str]:
        return frozenset(self._prompts)

    def prompts(self) -> tuple[Prompt, ...]:
        """In the order of the file."""
        return tuple(self._prompts.values())

    def prompt(self, key: str) -> Prompt:
        """Raises PromptError for an unknown key."""
        try:
            return self._prompts[key.removeprefix(SOUND_PREFIX)]
        except KeyError:
            raise PromptError(f"no prompt {key!r} in {self.language}.toml") from None

    def text(self, key: str) -> str:
        """What the prompt says, as written. Raises PromptError for an unknown key."""
        return self.prompt(key).text

    def sound(self, key: str) -> str:
        """The name Asterisk plays (hl/<key>). Raises PromptError for an unknown key."""
        return self.prompt(key).sound

    def key_for_text(self, text: str) -> str | None:
        """The key that says exactly this text (a doctor's name, a department), or None."""
        return self._key_by_text.get(text)

    def key_for_name(self, text: str, *, group: str) -> str | None:
        """As `key_for_text`; `group` (doctors, departments) is how a voice would say a name that has no sound yet."""
        return self.key_for_text(text)

    def sound_for_text(self, text: str) -> str | None:
        """Running text as one sound, or None: shipped prompts say only what they are."""
        key = self.key_for_text(text)
        return None if key is None else self.sound(key)

    def sentence(self, kind: SentenceKind) -> tuple[str, ...]:
        """The template of a sentence: keys and {slots}."""
        try:
            return self._sentences[kind.value]
        except KeyError:
            raise PromptError(f"no sentence {kind.value!r} in {self.language}.toml") from None

    def fragments_for(self, kind: SentenceKind | str, values: Mapping[str, object]) -> list[str]:
        """The sounds (hl/<key>) that say a sentence, in order; values as in prompt_sentences.SLOTS.

        A name without a sound becomes a neutral fragment (您预约的医生): never silence, never a wrong name.
        Raises PromptError for an unknown kind, a missing value, or a value that cannot be said in pieces.
        """
        try:
            found = SentenceKind(kind)
        except ValueError:
            raise PromptError(f"unknown sentence {kind!r}") from None
        try:
            return [self.sound(key) for key in keys_for_sentence(self, found, values)]
        except (KeyError, ValueError, TypeError, PromptError) as error:
            raise PromptError(f"sentence {found.value!r} cannot be said: {error}") from error

    def text_of(self, sounds: Iterable[str]) -> str:
        """What a caller hears when these sounds are played one after the other."""
        texts = [self.text(sound) for sound in sounds]
        return ("" if self.language == "zh" else " ").join(texts)

    def spoken(self, text: str) -> str:
        """Running text as the voice engine of this language must get it."""
        return speakable(self.language, text)


def speakable(language: str, text: str, *, is_name: bool = False) -> str:
    """Written text as the voice engine must get it; `is_name` when the text begins with a person's surname."""
    if language != "zh":
        return spoken_en.speakable(text)
    spoken = spoken_zh.speakable(text)
    return spoken_names.marked_name(spoken) if is_name else spoken_names.annotate(spoken)


def load_catalogue(language: str, *, folder: Path = PROMPTS_FOLDER) -> PromptCatalogue:
    """Reads and checks prompts/<language>.toml; raises PromptError naming the table and key that is wrong."""
    path = folder / f"{language}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise PromptError(f"{path.name} cannot be read: {error}") from error
    recipes = read_recipes(folder).get(language, {})
    voicings = {group: Voicing(group, **options) for group, options in raw.get("voicing", {}).items()}
    prompts: dict[str, Prompt] = {}
    for group, entries in raw.get("prompts", {}).items():
        for key, entry in entries.items():
            if key in prompts:
                raise PromptError(f"{path.name}: key {key!r} appears twice")
            voicing = replace(voicings.get(group, Voicing(group)), **recipes.get(key, {}))
            prompts[key] = _prompt(language, key, entry, voicing=voicing)
    sentences = {kind: tuple(parts) for kind, parts in raw.get("sentences", {}).items()}
    return PromptCatalogue(language, prompts, sentences=sentences)


def read_recipes(folder: Path = PROMPTS_FOLDER) -> dict[str, dict[str, dict[str, Any]]]:
    """language -> key -> carrier, speed and lead that were chosen by ear (`hotline prompts improve` writes them)."""
    path = folder / RECIPES_NAME
    if not path.exists():
        return {}
    recipes: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return recipes


def _prompt(language: str, key: str, entry: Any, *, voicing: Voicing) -> Prompt:
    fields = {"text": entry} if isinstance(entry, str) else entry
    text = str(fields["text"])
    if not text.strip():
        raise PromptError(f"prompt {key!r} in {language} has no text")
    own: dict[str, Any] = {name: fields[name] for name in ("carrier", "speed", "lead") if name in fields}
    return Prompt(
        key=key,
        text=text,
        spoken=fields.get("say") or speakable(language, text, is_name=voicing.names),
        voicing=replace(voicing, **own),
        also=tuple(fields.get("also", ())),
    )
