"""What GitHub refuses, in our words: whether to wait, what to ask for, and never a word of the token."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ekswiz.clients.github_client import GitHubClient
from ekswiz.clients.github_rest import Missing, at, get, pages, send
from ekswiz.clients.github_sign_in import SignIn
from ekswiz.errors import Conflict, Refused, TargetError, Transient, Unreadable
from ekswiz.plan import Action
from ekswiz.target import RealClock, Target
from ekswiz_sim.github.state import EVERY_RIGHT
from ekswiz_sim.loop import LoopThread
from unit.github_api.place import BY_REQUEST, Place, failed, signs

TOKEN = "ghp_" + "s" * 36


class Refusing:
    """An API that answers one thing to everything."""

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, b"{}", dict[str, str]()
        self.asked: list[Mapping[str, str]] = []
        self.loop = LoopThread("test-refusing")
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.url = f"http://127.0.0.1:{self.loop.serve(app)}"

    def target(self, url: str = "", token: str = TOKEN) -> Target:
        client = GitHubClient(url or self.url, lambda: SignIn(token, "from GITHUB_TOKEN"))
        other: Any = None
        return Target("aws", "aws", "1", "eu-west-1", other, other, lambda: client, Path(), RealClock())

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.headers))
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
def api() -> Iterator[Refusing]:
    made = Refusing()
    yield made
    made.loop.stop()


def test_a_call_says_who_asks_and_for_which_version(api: Refusing) -> None:
    assert send(api.target(), "GET", "/repos/a/b") == {}

    asked = api.asked[0]
    assert asked["Authorization"] in (f"Bearer {TOKEN}", f"token {TOKEN}")
    assert asked["X-GitHub-Api-Version"] == "2026-03-10"
    assert asked["Accept"] == "application/vnd.github+json"
    assert asked["User-Agent"] == "ekswiz"


CASES = [
    (401, {}, b'{"message": "Bad credentials"}', Refused, "gh auth login"),
    (403, {}, b'{"message": "Must have admin rights to Repository."}', Refused, "gh auth refresh"),
    (
        403,
        {"X-Accepted-GitHub-Permissions": "actions_variables=write; environments=write"},
        b'{"message": "Resource not accessible by personal access token"}',
        Refused,
        "actions_variables: write or  environments: write",
    ),
    (403, {"X-GitHub-SSO": "required; url=https://x"}, b'{"message": "SAML"}', Refused, "single sign-on"),
    (404, {}, b'{"message": "Not Found"}', Missing, "may not see it"),
    (409, {}, b'{"message": "Already exists - Variable already exists"}', Conflict, "Plan again"),
    (409, {}, b'{"message": "Git Repository is empty."}', Transient, "again"),
    (422, {}, b'{"message": "Reference already exists"}', Conflict, "Plan again"),
    (
        422,
        {},
        b'{"message": "Validation Failed", "errors": [{"message": "A pull request already exists for a:b."}]}',
        Conflict,
        "Plan again",
    ),
    (422, {}, b'{"message": "Validation Failed", "errors": ["no such plan"]}', TargetError, "no such plan"),
    (500, {}, b"{}", Transient, "again"),
    (502, {}, b'{"message": "Server Error"}', Transient, "again"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[4][:12]}")
def test_a_refusal_says_what_to_do(
    api: Refusing, case: tuple[int, dict[str, str], bytes, type[TargetError], str]
) -> None:
    api.status, api.headers, api.body, kind, says = case

    with pytest.raises(TargetError) as caught:
        send(api.target(), "PUT", "/repos/a/b/environments/x", {})

    assert type(caught.value) is kind
    assert says.replace("  ", " ") in str(caught.value).replace("  ", " ")
    assert "PUT /repos/a/b/environments/x" in str(caught.value)
    assert TOKEN not in repr(caught.value) + str(caught.value)


def test_a_limit_is_waited_for_as_long_as_github_says(api: Refusing) -> None:
    api.status, api.body = 403, b'{"message": "You have exceeded a secondary rate limit"}'

    api.headers = {"Retry-After": "20"}
    with pytest.raises(Transient) as soon:
        send(api.target(), "POST", "/x")
    api.headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3000)}
    with pytest.raises(Transient) as late:
        send(api.target(), "POST", "/x")

    assert soon.value.within == pytest.approx(21.0)
    assert late.value.within == 0.0, "fifty minutes are the user's to decide"


def test_a_read_that_is_denied_is_unreadable_and_one_of_nothing_is_none(api: Refusing) -> None:
    api.status, api.body = 403, b'{"message": "Resource not accessible by personal access token"}'
    with pytest.raises(Unreadable):
        get(api.target(), "/x")
    api.status, api.body = 404, b'{"message": "Not Found"}'
    assert get(api.target(), "/x") is None
    assert pages(api.target(), "/x", "items") == []


def test_what_is_not_githubs_api_is_said(api: Refusing) -> None:
    api.body = b"<html>Welcome to the hotel</html>"
    with pytest.raises(TargetError, match="not GitHub's API"):
        get(api.target(), "/x")


def test_nobody_there_is_worth_another_try() -> None:
    target = Refusing.target(Refusing.__new__(Refusing), "http://127.0.0.1:9")
    with pytest.raises(Transient, match="does not answer") as caught:
        get(target, "/x")
    assert TOKEN not in str(caught.value)


def test_a_token_never_travels_in_the_open(api: Refusing) -> None:
    with pytest.raises(TargetError, match="not behind TLS"):
        get(api.target("http://api.github.example"), "/x")
    assert api.asked == []


def test_without_a_sign_in_nothing_is_asked(api: Refusing) -> None:
    with pytest.raises(Unreadable, match="nobody is signed in") as caught:
        get(api.target(token=""), "/x")
    assert "gh auth login" in caught.value.remedy
    assert api.asked == []


def test_without_the_extra_the_command_that_installs_it_is_said(api: Refusing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "githubkit", None)
    with pytest.raises(Unreadable, match=r"ekswiz\[github\]"):
        get(api.target(), "/x")


def test_a_path_is_escaped() -> None:
    assert at("repos", "a/b", "c d", 5) == "/repos/a%2Fb/c%20d/5"


def test_long_listings_are_read_to_their_end(place: Place) -> None:
    for number in range(230):
        place.state.environments[f"e{number}"] = _environment(number)

    found = pages(place.target(), "/repos/acme/payments-api/environments", "environments")

    assert len({one["name"] for one in found}) == 230


def test_without_rights_the_plan_shows_what_it_cannot_read_and_says_which_right_it_lacks(place: Place) -> None:
    place.state.rights = EVERY_RIGHT - {"actions_variables"}

    planned = place.plan(BY_REQUEST)

    assert signs(planned)["github_variables.main"] == "?"
    why = next(change.why for change in planned.changes if change.action is Action.UNKNOWN)
    assert "actions_variables: read" in why


@pytest.mark.parametrize(
    ("right", "address"),
    [
        ("administration", "github_environment.deploy"),
        ("contents", "github_pull_request.files"),
        ("workflows", "github_pull_request.files"),
        ("pull_requests", "github_pull_request.files"),
    ],
)
def test_a_right_that_lacks_stops_what_needs_it_only(place: Place, right: str, address: str) -> None:
    place.state.rights = EVERY_RIGHT - {right}

    said = failed(place.apply(BY_REQUEST))

    assert any(one.startswith(f"{address}: Denied") and f"{right}: write" in one for one in said)
    assert not any("github_variables" in one for one in said)
    place.state.rights = EVERY_RIGHT
    assert failed(place.apply(BY_REQUEST)) == []
    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}


def test_the_token_is_in_nothing_that_is_written_or_shown(place: Place) -> None:
    planned = place.plan(BY_REQUEST)
    events = place.apply(BY_REQUEST, planned)
    wrong = place.target(token="ghp_wrong")

    with pytest.raises(Unreadable) as caught:
        get(wrong, "/repos/acme/payments-api/actions/variables")

    told = [str(planned.to_json()), repr(events), place.journal_path.read_text(), str(caught.value), repr(wrong)]
    assert not any(place.token in text or "ghp_wrong" in text for text in told)
    assert repr(SignIn(TOKEN, "through gh")) == "SignIn(source='through gh')"


def _environment(number: int) -> Any:
    from ekswiz_sim.github.state import Environment

    return Environment(number, f"e{number}", "2026-01-01T00:00:00Z")
