"""Tries several recipes for a prompt's sound and keeps the one that is understood best."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ivr.prompt_catalogue import PROMPTS_FOLDER, RECIPES_NAME, Prompt, PromptCatalogue, Voicing, read_recipes
from ivr.prompt_hearing import same_sound, same_unit, telephone_samples
from ivr.prompt_listening import Listener, passages
from ivr.prompt_sounds import SHIPPED_FOLDER, ShippedSound, read_manifest, sha256_of, sound_path, write_manifest
from ivr.speech import SpeechEngine, Utterance, encode_g722

SENTENCES_PER_RECIPE = 3
# What is changed for each try; a carrier decides how the fragment begins, the speed how clear it is.
_RECIPES: tuple[Mapping[str, object], ...] = (
    {"lead": 3},
    {"lead": 3, "speed": 0.8},
    {"lead": 3, "carrier": "请听好，"},
    {"lead": 4, "speed": 0.75},
    {"lead": 3, "speed": 0.8, "carrier": "就是，"},
    {"lead": 3, "speed": 1.0},
)
_RECIPES_WHOLE: tuple[Mapping[str, object], ...] = ({"speed": 0.85}, {"speed": 1.0}, {"speed": 0.8})


@dataclass(frozen=True)
class Tuned:
    """The error rates (homophones forgiven) of a prompt's share in sentences, before and after."""

    key: str
    before: float
    after: float
    voicing: Voicing


class Tuner:
    """Works on one language's shipped sounds; every improvement is written at once."""

    def __init__(
        self,
        catalogue: PromptCatalogue,
        engine: SpeechEngine,
        listener: Listener,
        *,
        folder: Path = SHIPPED_FOLDER,
        prompts_folder: Path = PROMPTS_FOLDER,
    ) -> None:
        self._catalogue = catalogue
        self._engine = engine
        self._listener = listener
        self._folder = folder
        self._prompts_folder = prompts_folder
        self._passages = tuple(passages(catalogue))

    def improve(
        self, keys: Iterable[str], on_progress: Callable[[int, int, str], None] = lambda done, total, key: None
    ) -> list[Tuned]:
        """Raises SpeechError when the engine cannot speak; what was improved before is kept."""
        wanted = list(keys)
        tuned = []
        for done, key in enumerate(wanted):
            on_progress(done, len(wanted), key)
            tuned.append(self._improve(self._catalogue.prompt(key)))
        return tuned

    def _improve(self, prompt: Prompt) -> Tuned:
        sentences = self._sentences(prompt.key)
        best = before = self._score(prompt, sentences, None)
        chosen, voicing = None, prompt.voicing
        with tempfile.TemporaryDirectory() as scratch:
            for number, recipe in enumerate(_RECIPES if prompt.voicing.carrier else _RECIPES_WHOLE):
                if best[0] == 0.0:
                    break
                trial = replace(prompt.voicing, **recipe)  # type: ignore[arg-type]
                sound = Path(scratch) / f"{number}.g722"
                seconds = self._speak(prompt, trial, sound)
                score = self._score(prompt, sentences, telephone_samples(sound, self._listener.rate_hz))
                if score < best:
                    best, voicing, chosen = score, trial, (sound, seconds)
            if chosen is not None:
                self._keep(prompt, voicing, *chosen)
        return Tuned(prompt.key, before[0], best[0], voicing)

    def _sentences(self, key: str) -> Sequence[tuple[str, ...]]:
        saying = [one for one in self._passages if key in one and all(map(self._listener.has, one))]
        return saying[:: max(1, len(saying) // SENTENCES_PER_RECIPE)][:SENTENCES_PER_RECIPE] or [(key,)]

    def _score(
        self, prompt: Prompt, sentences: Sequence[tuple[str, ...]], pcm: bytes | None
    ) -> tuple[float, float, float]:
        """Smaller is better: errors of sound on the prompt, written errors on it, errors of the whole sentences."""
        sounds = exact = units = 0
        whole = 0.0
        for keys in sentences:
            heard = self._listener.sentence(keys, instead={} if pcm is None else {prompt.key: pcm})
            whole += heard.sound_rate
            for key, errors, length in self._listener.shares(keys, heard.heard, same_sound):
                if key == prompt.key:
                    sounds, units = sounds + errors, units + length
            exact += sum(one[1] for one in self._listener.shares(keys, heard.heard, same_unit) if one[0] == prompt.key)
        return sounds / max(1, units), exact / max(1, units), whole / len(sentences)

    def _speak(self, prompt: Prompt, voicing: Voicing, out: Path) -> float:
        utterance = Utterance(prompt.spoken, self._catalogue.language, voicing.speed, voicing.carrier, voicing.lead)
        wav = out.with_suffix(".wav")
        seconds = self._engine.speak(utterance, wav)
        encode_g722(wav, out)
        return seconds

    def _keep(self, prompt: Prompt, voicing: Voicing, sound: Path, seconds: float) -> None:
        language = self._catalogue.language
        target = sound_path(language, prompt.key, folder=self._folder)
        target.write_bytes(sound.read_bytes())
        tuned = replace(prompt, voicing=voicing)
        manifest = read_manifest(self._folder)
        entry = ShippedSound(prompt.key, tuned.text_hash, self._engine.name, round(seconds, 2), sha256_of(target))
        manifest.setdefault(language, {})[prompt.key] = entry
        recipes = read_recipes(self._prompts_folder)
        recipes.setdefault(language, {})[prompt.key] = {
            "carrier": voicing.carrier,
            "speed": voicing.speed,
            "lead": voicing.lead,
        }
        ordered = {name: dict(sorted(entries.items())) for name, entries in sorted(recipes.items())}
        text = json.dumps(ordered, ensure_ascii=False, indent=1) + "\n"
        (self._prompts_folder / RECIPES_NAME).write_text(text, encoding="utf-8")
        write_manifest(manifest, self._folder)
        self._listener.forget(prompt.key)
