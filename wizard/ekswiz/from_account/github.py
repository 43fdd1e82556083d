"""What is set up at GitHub: a stack that was says so by a variable, one that came by pull request by its branch."""

from __future__ import annotations

import base64
from urllib.parse import quote, urlencode

from ekswiz.clients.github_rest import get, pages
from ekswiz.errors import EkswizError
from ekswiz.from_account.found import Found
from ekswiz.resources.github import variable_name
from ekswiz.target import Target


def read_github(target: Target, found: Found) -> None:
    """How the stack was delivered."""
    values = found.values
    repository = f"/repos/{values['owner']}/{values['repo']}"
    mark = variable_name(values["stack"], "STACK")
    try:
        if get(target, f"{repository}/actions/variables/{mark}") is None:
            return
        asked = urlencode({"state": "all", "head": f"{values['owner']}:ekswiz/{values['stack']}"})
        requests = pages(target, f"{repository}/pulls?{asked}")
    except EkswizError as error:
        found.notes.append(f"GitHub was not looked at: {error.detail}")
        return
    alive = [one for one in requests if one["state"] == "open" or one.get("merged_at")]
    found.note({"github": "pull_request" if alive else "api"}, f"GitHub, variable {mark}")


def at_github(target: Target, found: Found, paths: tuple[str, ...]) -> dict[str, str]:
    """The texts of these files in the repository: on the branch, or else on the pull request's."""
    values, texts = found.values, {}
    for path in paths:
        for branch in (values["branch"], f"ekswiz/{values['stack']}"):
            text = _text(target, f"/repos/{values['owner']}/{values['repo']}/contents/{quote(path)}", branch)
            if text is not None:
                texts[path] = text
                break
    return texts


def _text(target: Target, path: str, branch: str) -> str | None:
    document = get(target, f"{path}?{urlencode({'ref': branch})}")
    if not isinstance(document, dict) or document.get("type") != "file":
        return None
    return base64.b64decode(document.get("content", "")).decode("utf-8", "replace")
