"""`hotline settings`: the reference of every setting, with the value that is in force."""

import json
from typing import Any, get_args

import click

from config.cli_support import checked_settings
from config.home import Home


@click.command()
@click.argument("section", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the values in force as JSON (secrets masked).")
@click.pass_obj
def settings(home: Home, section: str | None, as_json: bool) -> None:
    """Print every setting and its value in force.

    With default, unit, range and meaning; or only those of one SECTION.
    Change them in HOME/settings.toml, in the environment (HOTLINE__WEB__PORT=8081; lists as JSON) or, for secrets, as
    files like HOME/secrets/ami__actions_secret (another folder: HOTLINE_SECRETS_DIR). The later ones win.
    """
    from config.settings import DEFAULTS_FILE, Settings, read_toml

    current = checked_settings(home) if home.settings_file.exists() else None
    if as_json:
        click.echo(json.dumps(current.model_dump(mode="json") if current else {}, ensure_ascii=False, indent=2))
        return
    defaults = read_toml(DEFAULTS_FILE, [])
    sections = {name: field.annotation for name, field in Settings.model_fields.items() if name != "home"}
    if section and section not in sections:
        raise click.UsageError(f"no section {section}; there are: {', '.join(sections)}")
    for name, model in sections.items():
        if section in (None, name) and model is not None:
            click.secho(f"\n[{name}]", bold=True)
            for key, field in model.model_fields.items():
                default = defaults.get(name, {}).get(key, "(made at the first start)")
                value = getattr(getattr(current, name), key) if current else default
                _print_setting(key, value, default, field)


def _print_setting(key: str, value: Any, default: Any, field: Any) -> None:
    shown = _shown(value)
    mark = "" if shown == _shown(default) or "*" in shown else f"   default {_shown(default)}"
    click.echo(f"  {click.style(key, fg='cyan')} = {shown}{mark}")
    click.echo(f"      {field.description}{_range_of(field)}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return json.dumps(list(value), ensure_ascii=False)
    text = str(value)
    return f'"{text}"' if text == "" else text.removesuffix(":00") if text.count(":") == 2 and len(text) == 8 else text


def _range_of(field: Any) -> str:
    extra = field.json_schema_extra or {}
    limits = {type(item).__name__: item for item in field.metadata}
    choices = [member.value for member in field.annotation] if hasattr(field.annotation, "__members__") else []
    parts = [str(extra.get("unit", ""))]
    if "Ge" in limits and "Le" in limits:
        parts.append(f"{limits['Ge'].ge}-{limits['Le'].le}")
    parts += [" | ".join(choices)] if choices else []
    parts += ["list"] if get_args(field.annotation) else []
    text = ", ".join(part for part in parts if part)
    return f" [{text}]" if text else ""
