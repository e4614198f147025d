"""The command line: one group, every command in a module of its own, heavy imports inside the commands."""

from pathlib import Path

import click

from config.cli_call import bench, call, demo
from config.cli_doctor import check, doctor
from config.cli_prompts import prompts
from config.cli_settings import settings
from config.cli_status import logs, status
from config.cli_support import Exit
from config.cli_test import lock, test
from config.cli_up import down, run, up
from config.cli_user import user
from config.home import DEFAULT_HOME, Home

EXIT_CODES = """\b
Exit codes:
  0    done                       3    a setting is wrong
  1    something failed or is red  4    the machine misses something
  2    wrong usage                5    not running
  130  interrupted; run it again
"""


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_HOME,
    envvar="HOTLINE_HOME",
    show_default="var/ in the checkout",
    help="Folder with everything this hotline keeps; a second one runs beside the first with its own ports.",
)
@click.version_option(package_name=None, version="0.1.0", prog_name="hotline")
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """Hotline: the telephone service centre of a hospital, on Asterisk.

    On a fresh machine `./hotline up` does everything; `./hotline test` proves it.
    """
    context.obj = Home(home.expanduser().resolve())


for command in (up, down, run, status, logs, doctor, check, bench, call, demo, test, prompts, settings, user, lock):
    main.add_command(command)


def start() -> None:
    """Entry: turns an interruption into its exit code and a hint."""
    try:
        code = main.main(prog_name="hotline", standalone_mode=False)
        raise SystemExit(code or Exit.OK)
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ninterrupted; run the same command again to go on", err=True)
        raise SystemExit(Exit.INTERRUPTED) from None


if __name__ == "__main__":
    start()
