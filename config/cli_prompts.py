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
