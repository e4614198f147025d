"""`hotline user`: accounts of people, from the command line of the server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from config.cli_support import Stop, settings_of

if TYPE_CHECKING:
    from crm_core.agents.accounts import Accounts

ROLES = ("agent", "supervisor", "admin")


@click.group()
def user() -> None:
    """Add people and give them new one-time passwords."""


@user.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's name as desks show it.")
@click.option("--role", type=click.Choice(ROLES), default="agent", show_default=True)
@click.option("--extension", help="Telephone of an agent or supervisor, for example 1004.")
@click.option("--queue", "queues", multiple=True, help="A queue this agent answers; may be repeated.")
@click.pass_context
def add(
    context: click.Context, login: str, name: str, role: str, extension: str | None, queues: tuple[str, ...]
) -> None:
    """Create the account LOGIN and print its one-time password."""
    from config.demo.hospital import new_password
    from crm_core.agents.kinds import Role
    from crm_core.errors import HotlineError

    password = new_password()
    try:
        with _accounts(context) as accounts:
            accounts.create(login, password, name=name, role=Role(role), extension=extension or None, queues=queues)
    except HotlineError as error:
        raise Stop(f"{login} was not created: {error}") from None
    _print_password(login, password)
    if extension:
        click.echo("Run ./hotline up once: it tells Asterisk about the new telephone.")


@user.command()
@click.argument("login")
@click.pass_context
def reset(context: click.Context, login: str) -> None:
    """Print a new one-time password for LOGIN; every session of this person ends."""
    from config.demo.hospital import new_password
    from crm_core.errors import HotlineError

    wanted, password = login.strip().lower(), new_password()
    with _accounts(context) as accounts:
        found = next((account for account in accounts.accounts() if account.login == wanted), None)
        if found is None:
            raise Stop(f"there is no account {login}", remedy="See:  ./hotline user list")
        try:
            accounts.set_password(found.id, password)
        except HotlineError as error:
            raise Stop(f"the password was not changed: {error}") from None
    _print_password(wanted, password)


@user.command(name="list")
@click.pass_context
def list_users(context: click.Context) -> None:
    """Print all accounts."""
    with _accounts(context) as accounts:
        found = accounts.accounts()
    for account in found:
        state = "disabled" if account.is_disabled else "new password due" if account.must_change_password else ""
        rest = (account.name, ",".join(account.queues), state)
        click.echo(
            f"{account.login:<14} {account.role:<11} {account.extension or '-':<6} {' '.join(filter(None, rest))}"
        )


@contextmanager
def _accounts(context: click.Context) -> "Iterator[Accounts]":
    settings = settings_of(context)
    from config.ground import build_ground

    ground = build_ground(settings)
    try:
        yield ground.accounts
    finally:
        ground.close()


def _print_password(login: str, password: str) -> None:
    click.echo(f"one-time password of {login}, shown only now, to be changed at the first login:  {password}")
