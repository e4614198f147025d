"""`hotline prompts`: the catalogue of everything the hotline can say."""

from pathlib import Path

import click

from config.cli_support import Exit, ProgressLine, Stop
from config.home import CHECKOUT, Home

SPEECH_REQUIREMENTS = CHECKOUT / "config" / "requirements" / "speech.txt"


@click.group()
def prompts() -> None:
    """Check, render and print the prompts."""


@prompts.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Find texts without sound and broken files.

    Also sounds of changed texts. Exit code 1 when there are any.
    """
    from config.prompts_of_home import catalogue_problems

    problems = catalogue_problems()
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(problems)} problems" if problems else "every prompt has its sound")
    if problems:
        context.exit(Exit.FAILED)


@prompts.command()
@click.argument("keys", nargs=-1)
@click.pass_context
def render(context: click.Context, keys: tuple[str, ...]) -> None:
    """Make the sounds that are missing or stale; with KEYS (like zh/greeting) exactly these again.

    Fetches the speech engine once into the home; what is made goes into ivr/sounds and belongs in the repository.
    """
    from ivr.prompt_tools import render as render_prompts
    from ivr.speech import SpeechError
    from ivr.speech_engines import SPEECH_FOLDER_NAME, engines_of
    from ivr.speech_install import install_kokoro

    home: Home = context.obj
    home.create()
    installing, rendering = ProgressLine("speech engine"), ProgressLine("rendering")
    try:
        install_kokoro(home.root / SPEECH_FOLDER_NAME, requirements=SPEECH_REQUIREMENTS, on_progress=installing)
        installing.finish("ready")
        engines = engines_of(home.root)
        try:
            done = render_prompts(engines, keys=frozenset(keys) if keys else None, on_progress=rendering)
        finally:
            for engine in engines:
                engine.close()
    except SpeechError as error:
        raise Stop(str(error), remedy="Run it again: what is made is kept.") from None
    rendering.finish(f"{len(done.made)} made, {len(done.failed)} failed")
    for where, reason in done.failed:
        click.echo(f"{where}: {reason}", err=True)
    if done.failed:
        context.exit(Exit.FAILED)


@prompts.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def script(folder: Path) -> None:
    """Write the list for a voice artist into FOLDER.

    script.csv for a spreadsheet, script.txt to read from. The recordings go to HOME/sounds-recorded/LANGUAGE/KEY.wav.
    """
    from ivr.prompt_tools import script as write_script

    for path in write_script(folder):
        click.echo(path)


@prompts.command()
@click.argument("keys", nargs=-1)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--alone", is_flag=True, help="Hear each fragment also by itself.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Table, default HOME/cache/prompts-heard-LANGUAGE.csv",
)
@click.option("--limit", default=0.10, show_default=True, help="Error rate of joined sentences that is still good.")
@click.pass_context
def listen(
    context: click.Context, keys: tuple[str, ...], *, language: str, alone: bool, out: Path | None, limit: float
) -> None:
    """Let a recogniser hear the prompts as sentences and write how well each is understood.

    With KEYS (like month-3) only these. Exit code 1 when the sentences are understood worse than the limit.
    """
    from config.prompts_of_home import hear_prompts
    from ivr.prompt_hearing import CannotHear

    home: Home = context.obj
    table = out or home.cache / f"prompts-heard-{language}.csv"
    progress = ProgressLine("listening")
    try:
        summary = hear_prompts(language, frozenset(keys), table=table, is_alone=alone, on_progress=progress)
    except CannotHear as error:
        raise Stop(str(error), exit_code=Exit.MISSING_ON_MACHINE) from None
    progress.finish(f"{table}")
    for line in summary.lines:
        click.echo(line)
    if summary.sentence_rate > limit:
        context.exit(Exit.FAILED)


@prompts.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.pass_context
def improve(context: click.Context, keys: tuple[str, ...], *, language: str) -> None:
    """Make KEYS again in several ways and keep what is understood best.

    The recipes go to ivr/prompts/recipes.json, the sounds to ivr/sounds; both belong in the repository.
    """
    from config.prompts_of_home import improve_prompts
    from ivr.prompt_catalogue import PromptError
    from ivr.prompt_hearing import CannotHear
    from ivr.speech import SpeechError

    home: Home = context.obj
    progress = ProgressLine("improving")
    try:
        tuned = improve_prompts(home.root, language, keys, on_progress=progress)
    except (CannotHear, PromptError, SpeechError) as error:
        raise Stop(str(error), remedy="hotline prompts render installs the voice.") from None
    progress.finish(f"{sum(one.after < one.before for one in tuned)} of {len(tuned)} better")
    for one in tuned:
        click.echo(f"{one.key:28} {one.before:6.1%} -> {one.after:6.1%}")
