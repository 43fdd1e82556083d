"""Filter patterns, after the cheat sheet in GitHub's documentation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.workflow.patterns import BadPattern, compile_pattern, matches


@pytest.mark.parametrize(
    ("patterns", "name", "expected"),
    [
        (["main"], "main", True),
        (["main"], "main2", False),
        (["main"], "Main", False),
        (["feature/*"], "feature/my-branch", True),
        (["feature/*"], "feature/a/b", False),
        (["feature/**"], "feature/beta-a/my-branch", True),
        (["*"], "releases", True),
        (["*"], "a/b", False),
        (["**"], "all/the/branches", True),
        (["*feature"], "ver-10-feature", True),
        (["v2*"], "v2.0", True),
        (["v[12].[0-9]+.[0-9]+"], "v1.10.1", True),
        (["v[12].[0-9]+.[0-9]+"], "v3.0.0", False),
        (["*.jsx?"], "page.js", True),
        (["*.jsx?"], "page.jsx", True),
        (["*.jsx?"], "page.jsy", False),
        (["**.js"], "src/js/app.js", True),
        (["**/README.md"], "README.md", True),
        (["**/README.md"], "js/README.md", True),
        (["docs/**/*.md"], "docs/hello.md", True),
        (["docs/**/*.md"], "docs/mona/hello.md", True),
        (["**/*src/**"], "a/src/app.js", True),
        (["**/migrate-*.sql"], "db/sept/migrate-v1.sql", True),
        (["*.md", "!README.md"], "hello.md", True),
        (["*.md", "!README.md"], "README.md", False),
        (["*.md", "!README.md", "README*"], "README.md", True),
        (["!main"], "main", False),
        (["!main"], "dev", False),
        (["a\\*"], "a*", True),
        (["a\\*"], "ab", False),
        (["a.b"], "axb", False),
        (["release/[!a]"], "release/!", True),
    ],
)
def test_matches(patterns: list[str], name: str, expected: bool) -> None:
    assert matches(patterns, name) is expected


@pytest.mark.parametrize("pattern", ["+a", "?", "[", "[]", "a[b", "[z-a]"])
def test_what_github_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(pattern)


@settings(max_examples=200, deadline=1000)
@given(st.text(alphabet="a*?+[]!/\\-z.", max_size=12), st.text(alphabet="az/.-", max_size=40))
@pytest.mark.filterwarnings("ignore::FutureWarning")  # Python warns of sets such as [?--]
def test_any_pattern_answers_quickly_or_is_refused(pattern: str, name: str) -> None:
    answer: bool | str
    try:
        answer = matches([pattern], name)
    except BadPattern as error:
        answer = str(error)
    assert isinstance(answer, bool) or pattern.removeprefix("!") in answer
