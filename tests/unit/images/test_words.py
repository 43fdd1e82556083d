from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekswiz_sim.images.patterns import BadPattern, Ignore, compiled
from ekswiz_sim.images.reference import BadReference, on_loopback, parse
from ekswiz_sim.images.words import BadWord, expand, pairs, split

VALUES = {"A": "one", "EMPTY": "", "B_2": "two"}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("$A", "one"),
        ("${A}x", "onex"),
        ("$B_2/$A", "two/one"),
        ("$NONE.", "."),
        ("${NONE:-d $A}", "d one"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${A:+yes}", "yes"),
        ("${NONE:+yes}", ""),
        ("${EMPTY+yes}", "yes"),
        ("\\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A b"', "one b"),
        ('"a\\"b\\x"', 'a"b\\x'),
        ("${NONE:-${A}}", "one"),
        ("$", "$"),
        ("a$", "a$"),
        ("\\", "\\"),
    ],
)
def test_substitution(word: str, text: str) -> None:
    assert expand(word, VALUES) == text


@pytest.mark.parametrize("word", ["${", "${A", "${A:", "${A#x}", "'a", '"a', "${NONE:?must be set}", "${}", "${A:-x"])
def test_what_cannot_be_substituted_is_refused(word: str) -> None:
    with pytest.raises(BadWord):
        expand(word, VALUES)


@given(st.text(alphabet="$A{}:-+'\"\\ x", max_size=60))
def test_any_word_is_expanded_or_refused(word: str) -> None:
    with suppress(BadWord):
        assert isinstance(expand(word, VALUES), str)
    with suppress(BadWord):
        list(pairs(word.strip() or "A=b"))


def test_a_deep_nest_is_refused_not_a_crash() -> None:
    with pytest.raises(BadWord, match="nested too deeply"):
        expand("${A:+" * 5000 + "}" * 5000, VALUES)


def test_splitting_keeps_quotes_and_escapes() -> None:
    assert split("a='b c' \"d e\"  f\\ g") == ["a='b c'", '"d e"', "f\\ g"]


def test_pairs_in_both_forms() -> None:
    assert list(pairs('A=1 B="x y"')) == [("A", "1"), ("B", '"x y"')]
    assert list(pairs("KEY a value")) == [("KEY", "a value")]
    for bad in ("A", "A=1 B", "=x"):
        with pytest.raises(BadWord):
            list(pairs(bad))


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a.py", True),
        ("*.py", "b/a.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "b/c/a.py", True),
        ("a?c", "abc", True),
        ("a[b-d]e", "ace", True),
        ("a[^b]e", "abe", False),
        ("a\\*b", "a*b", True),
        ("a**", "a/b/c", True),
        ("a.b", "axb", False),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert bool(compiled(pattern).fullmatch(path)) == matches


@pytest.mark.parametrize("pattern", ["[", "a[", "[^]", "a\\", "[z-a]"])
def test_broken_patterns(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)


@given(st.text(alphabet="a*?[]^\\-/!.", max_size=12))
def test_any_pattern_compiles_or_is_refused(pattern: str) -> None:
    with suppress(BadPattern):
        compiled(pattern).fullmatch("a/b")


def test_the_last_rule_that_matches_decides() -> None:
    ignore = Ignore(["# comment", "", "*.md", "!README.md", "/build/", "node_modules", "!node_modules/keep/**"])

    left_out = {
        path: ignore.excludes(path)
        for path in ("a.md", "README.md", "docs/a.md", "build/x/y", "node_modules/a", "node_modules/keep/b", "main.py")
    }

    assert left_out == {
        "a.md": True,
        "README.md": False,
        "docs/a.md": False,
        "build/x/y": True,
        "node_modules/a": True,
        "node_modules/keep/b": False,
        "main.py": False,
    }
    assert not ignore.prunes("node_modules")
    assert Ignore(["node_modules"]).prunes("node_modules")


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("o/r:1", "docker.io/o/r:1", "o/r:1"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("127.0.0.1:5000/team/app:v1", "127.0.0.1:5000/team/app:v1", "127.0.0.1:5000/team/app:v1"),
        ("[::1]:80/app@sha256:" + "a" * 64, "[::1]:80/app@sha256:" + "a" * 64, "[::1]:80/app@sha256:" + "a" * 64),
        ("h.io/a:t@sha256:" + "b" * 64, "h.io/a:t@sha256:" + "b" * 64, "h.io/a:t@sha256:" + "b" * 64),
    ],
)
def test_references(text: str, full: str, familiar: str) -> None:
    assert (str(parse(text)), parse(text).familiar) == (full, familiar)


@pytest.mark.parametrize(
    "text",
    ["", ":", "a:", "a@", "A", "h.io/A:1", "a b", "a@sha256:1", "-a", "a/", "127.0.0.1:5000/:sha", "h.io/", "a\n"],
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(BadReference, match="invalid reference format"):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except BadReference:
        return
    assert parse(str(found)) == found


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1:5000", True),
        ("127.9.9.9", True),
        ("localhost:1", True),
        ("[::1]:5000", True),
        ("10.0.0.1:5000", False),
        ("0.0.0.0:5000", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("docker.io", False),
        ("", False),
    ],
)
def test_who_is_on_this_machine(host: str, here: bool) -> None:
    assert on_loopback(host) == here
