"""AWS profiles as the AWS CLI's files name them. Names and settings only: no key is ever read.

Source: AWS CLI User Guide, "Configuration and credential file settings" and "Environment variables".
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping, Sequence
from pathlib import Path

from ekswiz.frontend import Profile

CONFIG, CREDENTIALS = "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
CHOSEN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
KEYS = "AWS_ACCESS_KEY_ID"
SSO = ("sso_session", "sso_start_url", "login_session")
"""Settings of a profile that signs in through a browser."""


def profiles(environment: Mapping[str, str]) -> Sequence[Profile]:
    """The profiles of this machine, the likeliest first; empty if there is none.

    Without a profile chosen, keys in variables come first, as they do for the AWS SDK: that one has no name.
    """
    known = _config(environment)
    for name in _sections(_path(environment, CREDENTIALS, "credentials")):
        known.setdefault(name, {})
    chosen, variable = _first(environment, CHOSEN)
    found = [
        _profile(name, known[name], "from the AWS configuration", environment) for name in sorted(known, key=_rank)
    ]
    if chosen:
        first = _profile(chosen, known.get(chosen, {}), f"from {variable}", environment)
        return [first, *(each for each in found if each.name != chosen)]
    if environment.get(KEYS):
        return [Profile("", region(environment), sso=False, source=f"from {KEYS}"), *found]
    return found


def region(environment: Mapping[str, str]) -> str:
    """The region that variables name; empty if none does."""
    return _first(environment, REGIONS)[0]


def default_region(environment: Mapping[str, str]) -> tuple[str, str]:
    """The likeliest region and, in words, where it comes from; both empty if nothing names one."""
    said, variable = _first(environment, REGIONS)
    if said:
        return said, f"from {variable}"
    first = next(iter(profiles(environment)), None)
    if first is None or not first.region:
        return "", ""
    return first.region, f"from AWS profile {first.name}"


def _profile(name: str, settings: Mapping[str, str], source: str, environment: Mapping[str, str]) -> Profile:
    sso = any(settings.get(key) for key in SSO)
    return Profile(name, region(environment) or settings.get("region", ""), sso=sso, source=source)


def _rank(name: str) -> tuple[bool, str]:
    return name != "default", name


def _first(environment: Mapping[str, str], names: Sequence[str]) -> tuple[str, str]:
    return next(((environment[name], name) for name in names if environment.get(name)), ("", ""))


def _path(environment: Mapping[str, str], variable: str, name: str) -> Path:
    said = environment.get(variable)
    if said:
        return Path(said).expanduser()
    return Path(environment.get("HOME", "~")).expanduser() / ".aws" / name


def _config(environment: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    found = _sections(_path(environment, CONFIG, "config"))
    prefix = "profile "
    named = {name.removeprefix(prefix).strip(): found[name] for name in found if name.startswith(prefix)}
    return {**({"default": found["default"]} if "default" in found else {}), **named}


def _sections(path: Path) -> dict[str, dict[str, str]]:
    """Settings by section; a file that is absent or not readable has none. Values of credentials are not kept."""
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return {}
    kept = (*SSO, "region")
    return {
        name: {key: parser.get(name, key) for key in kept if parser.has_option(name, key)} for name in parser.sections()
    }
