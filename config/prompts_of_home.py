"""Looks whether every prompt of the catalogue can be heard: in the repository and in one home."""

from pathlib import Path


def missing_sounds(sounds: Path) -> list[str]:
    """`<language>/hl/<key>` of every prompt for which the home has no file, whatever the format."""
    from ivr.prompt_catalogue import LANGUAGES, load_catalogue

    lacking = []
    for language in LANGUAGES:
        folder = sounds / language / "hl"
        present = {path.stem for path in folder.iterdir() if path.stat().st_size} if folder.is_dir() else set()
        lacking += [f"{language}/hl/{key}" for key in sorted(load_catalogue(language).keys() - present)]
    return lacking


def catalogue_problems() -> list[str]:
    """What `prompts check` finds in the repository: changed texts, missing or broken sounds."""
    from ivr.prompt_tools import check

    return [f"{problem.code} {problem.what} ({problem.remedy})" for problem in check()]
