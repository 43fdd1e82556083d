"""GitHub's expressions: one table of values, one of refusals, and the rules for templates and conditions."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.workflow.expressions import Status, condition, evaluate, interpolate, resolve, segments
from ekswiz.workflow.lexer import tokens
from ekswiz.workflow.references import references
from ekswiz.workflow.syntax import ExpressionError, parse
from ekswiz.workflow.values import CaseSensitive

CONTEXT: dict[str, Any] = {
    "github": {
        "ref": "refs/heads/main",
        "ref_name": "main",
        "sha": "a1b2",
        "actor": "Octocat",
        "run_number": "42",
        "event": {
            "number": 7,
            "labels": [{"name": "bug", "id": 1}, {"name": "Deploy", "id": 2}, {"id": 3}],
            "matrix": [[1, 2], [3]],
            "head-commit": {"message": "it's"},
            "nothing": None,
            "on": True,
            "off": False,
            "zero": 0,
            "text": "",
            "pairs": {"a": {"v": 1}, "b": {"v": 2}, "c": "x"},
        },
    },
    "env": CaseSensitive({"Stage": "prod", "A": "1"}),
    "vars": {"REGION": "eu-west-1"},
    "needs": {"build": {"outputs": {"digest": "sha256:1"}, "result": "success"}},
    "inputs": {"force": True, "count": 3.0},
}

CHAPTERS: dict[str, list[tuple[str, Any]]] = {
    "Literals": [
        ("null", None),
        ("true", True),
        ("false", False),
        ("711", 711.0),
        ("-9.2", -9.2),
        ("+5", 5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("0xff", 255.0),
        ("0xFFFFFFFF", -1.0),
        ("0x7fffffff", 2147483647.0),
        ("0o17", 15.0),
        ("-2.99e-2", -0.0299),
        ("1E3", 1000.0),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        ("'It''s open source!'", "It's open source!"),
        ("''", ""),
        ("''''", "'"),
        ("'null'", "null"),
        ("'a\nb'", "a\nb"),
        ("  'spaces'  ", "spaces"),
    ],
    "Operators: ( ), [ ], . and object filters": [
        ("github.ref", "refs/heads/main"),
        ("GITHUB.REF", "refs/heads/main"),
        ("GitHub['Ref']", "refs/heads/main"),
        ("github.nope", None),
        ("github.nope.deeper", None),
        ("github.ref.deeper", None),
        ("github.event.number", 7),
        ("github.event['head-commit'].message", "it's"),
        ("github.event.head-commit.message", "it's"),
        ("github.event.labels[0].name", "bug"),
        ("github.event.labels['1'].name", "Deploy"),
        ("github.event.labels[1.9].name", "Deploy"),
        ("github.event.labels[true].name", "Deploy"),
        ("github.event.labels[null].name", "bug"),
        ("github.event.labels[9]", None),
        ("github.event.labels[-1]", None),
        ("github.event.labels['x']", None),
        ("github.event.labels.name", None),
        ("github.event[github.nope]", None),
        ("github['event']['nothing']", None),
        ("github.event.labels.*.name", ["bug", "Deploy"]),
        ("github.event.labels.*.id", [1, 2, 3]),
        ("github.event.labels[*].id", [1, 2, 3]),
        ("github.event.labels.*['name']", ["bug", "Deploy"]),
        ("github.event.pairs.*.v", [1, 2]),
        ("github.event.pairs.*", [{"v": 1}, {"v": 2}, "x"]),
        ("github.event.matrix.*.*", [1, 2, 3]),
        ("github.event.matrix.*[0]", [1, 3]),
        ("github.event.matrix.*[1]", [2]),
        ("github.ref.*", []),
        ("github.nope.*.x", []),
        ("env.Stage", "prod"),
        ("env.STAGE", None),
        ("vars.region", "eu-west-1"),
        ("needs.build.outputs.digest", "sha256:1"),
        ("inputs.force", True),
        ("(github).ref", "refs/heads/main"),
        ("github.event.true", None),
    ],
    "Operators: !, && and ||": [
        ("!true", False),
        ("!false", True),
        ("!!'x'", True),
        ("!''", True),
        ("!0", True),
        ("!-0", True),
        ("!null", True),
        ("!'false'", False),
        ("!github.event.labels", False),
        ("!fromJSON('[]')", False),
        ("!NaN", True),
        ("'a' && 'b'", "b"),
        ("'' && 'b'", ""),
        ("0 && 'b'", 0.0),
        ("'a' || 'b'", "a"),
        ("'' || 'b'", "b"),
        ("null || 0 || 'c'", "c"),
        ("null || ''", ""),
        ("true && 'x' || 'y'", "x"),
        ("false && 'x' || 'y'", "y"),
        ("true && '' || 'y'", "y"),
        ("true || false && false", True),
        ("(true || false) && false", False),
        ("false && fromJSON('{')", False),
        ("true || fromJSON('{')", True),
    ],
    "Operators: == and !=, with GitHub's loose equality": [
        ("1 == 1", True),
        ("1 == '1'", True),
        ("1 == '1.0'", True),
        ("1 == ' 1 '", True),
        ("255 == '0xff'", True),
        ("8 == '0o10'", True),
        ("0 == ''", True),
        ("null == ''", True),
        ("null == 0", True),
        ("null == false", True),
        ("null == null", True),
        ("github.nope == null", True),
        ("true == 1", True),
        ("true == '1'", True),
        ("true == 'true'", False),
        ("false == ''", True),
        ("'a' == 'A'", True),
        ("'a' != 'A'", False),
        ("'ß' == 'SS'", False),
        ("'é' == 'É'", True),
        ("'\u0131' == 'I'", False),
        ("'\u017f' == 'S'", False),
        ("format('{0}', -0)", "0"),
        ("+Infinity", math.inf),
        ("'x' == 0", False),
        ("NaN == NaN", False),
        ("NaN != NaN", True),
        ("'1' == '1.0'", False),
        ("github.event == github.event", True),
        ("github.event == github", False),
        ("github.event.labels == github.event.labels", True),
        ("fromJSON('[]') == fromJSON('[]')", False),
        ("github.event.labels == 'Array'", False),
        ("github.actor == 'octoCAT'", True),
        ("inputs.force == true", True),
        ("inputs.force == 'true'", False),
        ("!inputs.force == false", True),
        ("1 == 1 == true", True),
    ],
    "Operators: <, <=, > and >=": [
        ("1 < 2", True),
        ("2 <= 2", True),
        ("3 > 2", True),
        ("2 >= 3", False),
        ("'10' < '9'", True),
        ("10 < '9'", False),
        ("'a' < 'B'", True),
        ("'b' > 'A'", True),
        ("false < true", True),
        ("null < 1", True),
        ("null <= 0", True),
        ("null < null", False),
        ("null <= null", True),
        ("'x' < 1", False),
        ("'x' >= 1", False),
        ("NaN <= NaN", False),
        ("github < github", False),
        ("github.run_number > 41", True),
        ("1 < 2 == true", True),
    ],
    "Functions: contains": [
        ("contains('Hello world', 'LLO')", True),
        ("contains('Hello', '')", True),
        ("contains('abc', 'd')", False),
        ("contains(123, 2)", True),
        ("contains(github.event.labels.*.name, 'deploy')", True),
        ("contains(github.event.labels.*.name, 'dep')", False),
        ("contains(github.event.labels.*.id, '2')", True),
        ("contains(fromJSON('[\"push\",\"pull_request\"]'), 'push')", True),
        ("contains(github.event, 'x')", False),
        ("contains('Object', github.event)", False),
        ("CONTAINS('a','A')", True),
    ],
    "Functions: startsWith": [
        ("startsWith('Hello world', 'he')", True),
        ("startsWith(github.ref, 'refs/tags/')", False),
        ("startsWith(123, 1)", True),
        ("startsWith('', '')", True),
        ("startsWith(github, 'O')", False),
    ],
    "Functions: endsWith": [
        ("endsWith('Hello world', 'LD')", True),
        ("endsWith('a', 'aa')", False),
        ("endsWith(github.event.number, 7)", True),
        ("endsWith(github.event.labels, 'y')", False),
    ],
    "Functions: format": [
        ("format('Hello {0} {1} {2}', 'Mona', 'the', 'Octocat')", "Hello Mona the Octocat"),
        ("format('{{Hello {0}!}}', 'x')", "{Hello x!}"),
        ("format('{0}{0}', 'a')", "aa"),
        ("format('{0}', null)", ""),
        ("format('{0} {1} {2}', true, 1.50, github.event)", "true 1.5 Object"),
        ("format('plain')", "plain"),
        ("format('{0}', '{1}')", "{1}"),
    ],
    "Functions: join": [
        ("join(github.event.labels.*.name, ', ')", "bug, Deploy"),
        ("join(github.event.labels.*.id)", "1,2,3"),
        ("join('single', '-')", "single"),
        ("join(github.event.labels, '-')", "Object-Object-Object"),
        ("join(fromJSON('[1,null,true]'), '')", "1true"),
    ],
    "Functions: toJSON": [
        ("toJSON('a\"b')", '"a\\"b"'),
        ("toJSON(null)", "null"),
        ("toJSON(1.0)", "1"),
        ("toJSON(true)", "true"),
        ("toJSON(fromJSON('[]'))", "[]"),
        ("toJSON(fromJSON('{}'))", "{}"),
        ('toJSON(fromJSON(\'{"a":[1,{"b":null}]}\'))', '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}'),
        ("toJSON('é')", '"é"'),
    ],
    "Functions: fromJSON": [
        ("fromJSON('{\"a\": [1, 2]}').a[1]", 2.0),
        ("fromJSON('true')", True),
        ("fromJSON('3')", 3.0),
        ("fromJSON('\"x\"')", "x"),
        ("fromJSON('null')", None),
        ("fromJson('[1]')[0]", 1.0),
    ],
    "Functions: case": [
        ("case(true, 'a', 'b')", "a"),
        ("case(false, 'a', 'b')", "b"),
        ("case(1 == 2, 'a', github.ref_name == 'main', 'prod', 'dev')", "prod"),
        ("case(true, 'a', fromJSON('{'))", "a"),
    ],
}
"""By chapter of GitHub's "Evaluate expressions in workflows and actions"."""

VALUES = [case for cases in CHAPTERS.values() for case in cases]

REFUSED: list[tuple[str, str]] = [
    ("", "An expression was expected"),
    ("   ", "An expression was expected"),
    ("nope", "Unrecognized named-value: 'nope'. Located at position 1"),
    ("github.ref == nope.x", "Unrecognized named-value: 'nope'. Located at position 15"),
    ("secrets.X", "Unrecognized named-value: 'secrets'"),
    ("foo()", "Unrecognized function: 'foo'. Located at position 1"),
    ("1 == foo(2)", "Unrecognized function: 'foo'. Located at position 6"),
    ("success()", "Unrecognized function: 'success'"),
    ("hashFiles('x')", "Unrecognized function: 'hashFiles'"),
    ("True", "Unrecognized named-value: 'True'"),
    ('"double"', "Unexpected symbol: '\"double\"'"),
    ("'open", "Unexpected symbol: ''open'"),
    ("1 &&", "Unexpected end of expression: '&&'. Located at position 3"),
    ("&& 1", "Unexpected symbol: '&&'. Located at position 1"),
    ("1 & 2", "Unexpected symbol: '&'"),
    ("1 | 2", "Unexpected symbol: '|'"),
    ("1 = 2", "Unexpected symbol: '='. Located at position 3"),
    ("1 =2", "Unexpected symbol: '=2'. Located at position 3"),
    (f"format('{'{0}' * 5000}', format('{'{0}' * 1000}', 'xx'))", "The maximum allowed memory size was exceeded"),
    ("1 + 2", "Unexpected symbol: '+'"),
    ("(1", "Unexpected end of expression"),
    ("1)", "Unexpected symbol: ')'. Located at position 2"),
    ("github.", "Unexpected end of expression: '.'"),
    ("github..ref", "Unexpected symbol: '.'"),
    ("github[", "Unexpected end of expression"),
    ("github[]", "Unexpected symbol: ']'"),
    ("github['a'", "Unexpected end of expression"),
    ("'abc'[0]", "Unexpected symbol: '['"),
    ("'abc'.length", "Unexpected symbol: '.'"),
    ("1 2", "Unexpected symbol: '2'. Located at position 3"),
    ("0xZZ", "Unexpected symbol: '0xZZ'"),
    ("1.2.3", "Unexpected symbol: '1.2.3'"),
    ("*", "Unexpected symbol: '*'"),
    ("github.ref-$x", "Unexpected symbol"),
    ("contains('a')", "Too few parameters supplied: 'contains'"),
    ("contains('a','b','c')", "Too many parameters supplied: 'contains'"),
    ("join()", "Too few parameters supplied: 'join'"),
    ("case(true, 1)", "Too few parameters supplied: 'case'"),
    ("case(true, 1, true, 2)", "Even number of parameters supplied"),
    ("format('{0}')", "references more arguments than were supplied"),
    ("format('{')", "The following format string is invalid: {"),
    ("format('}')", "The following format string is invalid: }"),
    ("format('{x}', 1)", "The following format string is invalid"),
    ("format('{0:d}', 1)", "format specifiers 'd' are not valid"),
    ("fromJSON('{')", "Error parsing fromJson"),
    ("fromJSON('')", "the input is empty"),
    ("case('x', 1, 2)", "case predicate must evaluate to a boolean value"),
    ("(" * 60 + "1" + ")" * 60, "Exceeded max expression depth 50"),
    ("!" * 60 + "1", "Exceeded max expression depth 50"),
    ("1" + "==1" * 60, "Exceeded max expression depth 50"),
    ("github" + ".a" * 60, "Exceeded max expression depth 50"),
    ("'" + "x" * 21_000 + "'", "Exceeded max expression length 21000"),
]


@pytest.mark.parametrize(("source", "expected"), VALUES, ids=[source for source, _ in VALUES])
def test_value(source: str, expected: Any) -> None:
    value = evaluate(source, CONTEXT)
    assert value == expected
    assert isinstance(value, bool) == isinstance(expected, bool)


@pytest.mark.parametrize(("source", "words"), REFUSED, ids=[source[:30] for source, _ in REFUSED])
def test_refusal_is_in_githubs_words(source: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, CONTEXT)
    assert words in str(caught.value)


def test_every_chapter_has_its_cases() -> None:
    assert len(VALUES) >= 120
    assert len(VALUES) + len(REFUSED) + len(CONDITIONS) >= 250
    assert {title: len(cases) for title, cases in CHAPTERS.items() if len(cases) < 3} == {}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${{ github.sha }}", "a1b2"),
        ("x-${{ github.sha }}-${{ 1.10 }}-y", "x-a1b2-1.1-y"),
        ("${{ '}}' }}", "}}"),
        ("${{ 'it''s }}' }}!", "it's }}!"),
        ("${{ github.nope }}", ""),
        ("${{ true }}", "true"),
        ("${{ 1e20 }}", "1E+20"),
        ("${{ 0.1 }}", "0.1"),
        ("${{ github.event }}", "Object"),
        ("${{ github.event.labels }}", "Array"),
        ("$ { { }} $${{ 1 }}", "$ { { }} $1"),
        ("${{github.sha}}", "a1b2"),
    ],
)
def test_interpolation(template: str, expected: str) -> None:
    assert interpolate(template, CONTEXT) == expected


def test_a_lone_expression_keeps_its_type() -> None:
    assert resolve("${{ fromJSON('[1]') }}", CONTEXT) == [1.0]
    assert resolve(" ${{ 1 }}", CONTEXT) == " 1"


@pytest.mark.parametrize("template", ["${{ github.sha", "${{ 'x }}", "a ${{}} b"])
def test_open_or_empty_braces_are_refused(template: str) -> None:
    with pytest.raises(ExpressionError):
        interpolate(template, CONTEXT)


GREEN, RED, CANCELLED = Status(), Status(success=False, failure=True), Status(success=False, cancelled=True)


CONDITIONS: list[tuple[str, Status, bool]] = [
    ("", GREEN, True),
    ("", RED, False),
    ("", CANCELLED, False),
    ("github.ref_name == 'main'", GREEN, True),
    ("github.ref_name == 'main'", RED, False),
    ("github.ref_name == 'dev'", GREEN, False),
    ("${{ github.ref_name == 'main' }}", GREEN, True),
    ("always()", CANCELLED, True),
    ("failure()", RED, True),
    ("failure()", GREEN, False),
    ("failure()", CANCELLED, False),
    ("cancelled()", CANCELLED, True),
    ("!cancelled()", RED, True),
    ("success() || failure()", RED, True),
    ("SUCCESS()", GREEN, True),
    ("always() && github.ref_name == 'dev'", RED, False),
    # text around an expression is a string, and true
    ("${{ false }} ", GREEN, True),
    ("${{ false }}\n", GREEN, True),
    ("${{ github.ref_name == 'dev' }} && true", GREEN, True),
    ("${{ false }} && true", RED, False),
    ("'false'", GREEN, True),
    ("false", GREEN, False),
]
"""Chapter "Status check functions"."""


@pytest.mark.parametrize(("text", "status", "expected"), CONDITIONS)
def test_condition(text: str, status: Status, expected: bool) -> None:
    assert condition(text, CONTEXT, status) is expected


def test_hash_files_gets_its_patterns() -> None:
    seen: list[object] = []

    def fake(patterns: object) -> str:
        seen.append(patterns)
        return "abc"

    assert interpolate("k-${{ hashFiles('a', 'b/**') }}", CONTEXT, hash_files=fake) == "k-abc"
    assert seen == [["a", "b/**"]]


def test_references_are_dotted_paths_with_offsets() -> None:
    template = "${{ steps.login-ecr.outputs.registry }}/${{ format('{0}', needs['Build'].outputs.*) }}"
    assert list(references(template)) == [
        (4, ("steps", "login-ecr", "outputs", "registry")),
        (template.index("needs"), ("needs", "build", "outputs", "*")),
    ]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("github.ref[]()*!=<>&|,' 0x1e-+_{}$\"\n"), max_size=60))
def test_any_source_is_a_tree_or_an_expression_error(source: str) -> None:
    try:
        made = parse(source)
    except ExpressionError:
        return
    assert made.depth >= 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_lexed_completely_and_split_completely(source: str) -> None:
    found = tokens(source)
    assert found[-1].kind == "end"
    at = 0
    for token in found:
        assert source[at : token.offset].strip() == ""
        assert source[token.offset : token.offset + len(token.text)] == token.text
        at = token.offset + len(token.text)
    assert at == len(source)
    try:
        pieces = segments(source)
    except ExpressionError:
        return
    plain = "".join(piece.text if not piece.expression else "${{" + piece.text + "}}" for piece in pieces)
    assert plain == source


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)))
def test_json_round_trip(value: Any) -> None:
    assert evaluate("fromJSON(toJSON(x))", {"x": value}) == value
