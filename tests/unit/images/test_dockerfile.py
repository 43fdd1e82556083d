from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekswiz_sim.images.dockerfile import DockerfileError, Instruction, parse
from ekswiz_sim.images.unbuildable import judge, matters, pip_installs, required


def test_lines_continue_and_comments_vanish() -> None:
    text = (
        "# syntax=docker/dockerfile:1\n\nfrom python:3.12 AS app\n"
        'RUN one && \\\n  # not this\n\n  two\nCMD ["a", "b"]\n'
    )

    found = parse(text).instructions

    assert [(one.line, one.name, one.text, one.words) for one in found] == [
        (3, "FROM", "python:3.12 AS app", None),
        (4, "RUN", "one &&   two", None),
        (8, "CMD", '["a", "b"]', ("a", "b")),
    ]


def test_the_escape_directive_and_windows_line_ends() -> None:
    found = parse("# escape=`\r\nFROM x\r\nENV A=b `\r\n  C=d\r\n").instructions

    assert found[1].text == "A=b   C=d"


def test_flags_are_taken_off() -> None:
    found = parse("FROM --platform=linux/amd64 x\nCOPY --chown=1:1 --link a b\nHEALTHCHECK --interval=5s CMD x\n")

    assert [dict(one.flags) for one in found.instructions] == [
        {"platform": "linux/amd64"},
        {"chown": "1:1", "link": "true"},
        {"interval": "5s"},
    ]


def test_here_documents_are_bodies_not_instructions() -> None:
    text = "FROM x\nRUN <<EOF\nFROM inside\nEOF\nCOPY <<-'A' <<B /x/\n\tone\n\tA\ntwo\nB\nCMD x\n"

    found = parse(text).instructions

    assert [one.name for one in found] == ["FROM", "RUN", "COPY", "CMD"]
    assert found[1].heredocs == ("FROM inside\n",)
    assert found[2].heredocs == ("\tone\n", "two\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "file with no instructions"),
        ("# nothing\n", "file with no instructions"),
        ("RUN x\n", "Dockerfile:1: no build stage in current context: RUN stands before FROM"),
        ("FROM x\n\nFRMO y\n", "Dockerfile:3: unknown instruction: FRMO"),
        ("FROM\n", "Dockerfile:1: FROM requires at least one argument"),
        ("FROM x\nCOPY --link\n", "Dockerfile:2: COPY requires at least one argument"),
        ("FROM x\nRUN <<EOF\nnever\n", "Dockerfile:2: unterminated heredoc: no line holds EOF alone"),
        ("# escape=x\nFROM x\n", "Dockerfile:1: invalid escape token 'x'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(DockerfileError) as failed:
        parse(text)

    assert said in str(failed.value)
    assert str(failed.value).startswith("The image cannot be built: Dockerfile")


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(DockerfileError):
        judge(parse(text))


PIECES = st.sampled_from(
    ["FROM x", "RUN <<E", "E", 'COPY ["a", "b"]', "COPY --from=x a b", "\\", "# escape=`", 'ENV A="', "`", "\t", "ARG"]
)


@given(st.lists(PIECES, max_size=12).map("\n".join))
def test_any_heap_of_instructions_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except DockerfileError:
        return
    assert found.instructions
    assert all(one.line <= text.count("\n") + 1 for one in found.instructions)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("FROM a AS b\nRUN x\nFROM c\n", 3, "this is a multi-stage build"),
        ("FROM a\nCOPY --from=nginx /a /b\n", 2, "it copies from another stage or image"),
        ("FROM a\nADD https://example.com/x /y\n", 2, "it fetches from the network"),
        ("FROM a\nADD git@github.com:o/r.git /y\n", 2, "it fetches from the network"),
        ("FROM a\nADD data.tar.gz /y\n", 2, "it unpacks an archive"),
        ("FROM a\nCOPY <<EOF /x\nhello\nEOF\n", 2, "it writes a here-document"),
        ("FROM a\nCOPY --parents a b /c/\n", 2, "--parents is not modelled"),
        ("FROM a\nONBUILD RUN x\n", 2, "ONBUILD acts in a later build"),
    ],
)
def test_what_this_tier_cannot_do_is_said_with_its_line(text: str, line: int, reason: str) -> None:
    beyond = judge(parse(text))

    assert beyond is not None
    assert (beyond.line, beyond.reason) == (line, reason)
    assert f"Dockerfile:{line}: " in str(beyond)


def test_an_ordinary_dockerfile_is_within_this_tier() -> None:
    text = "FROM a\nADD main.py --link /x\nCOPY --chown=1 --chmod=755 --link a /b\nRUN x\nCMD y\n"

    assert judge(parse(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "pip install --no-cache-dir -r requirements.txt",
        "pip install fastapi 'uvicorn[standard]>=0.30' && rm -rf /root/.cache",
        "PIP_NO_CACHE=1 python -m pip install -i https://x/simple fastapi",
        "apt-get update && apt-get install -y curl || true; useradd -u 10001 app",
        "set -eux; groupadd app",
        "mkdir -p /data && chown 1:1 /data",
        "uv pip install --system -r requirements.txt",
        '["pip", "install", "fastapi"]',
    ],
)
def test_a_harmless_run_may_be_skipped(text: str) -> None:
    assert matters(parse(f"FROM x\nRUN {text}\n").instructions[1]) == ""


@pytest.mark.parametrize(
    "text",
    ["make", "pip install .", "pip install -e .", "pip download x", "python setup.py build", "npm ci", "true && ./x",
     "<<EOF\nanything\nEOF", "echo 'open", "pip"],
)  # fmt: skip
def test_a_run_that_matters_is_not_skipped_silently(text: str) -> None:
    assert matters(parse(f"FROM x\nRUN {text}\n").instructions[1])


def test_what_pip_would_have_installed() -> None:
    run = parse("FROM x\nRUN pip install -r one.txt -c limits.txt 'FastAPI[all]>=1' --requirement=two.in uvicorn\n")

    assert list(pip_installs(run.instructions[1])) == [
        ("file", "one.txt"),
        ("name", "fastapi"),
        ("file", "two.in"),
        ("name", "uvicorn"),
    ]


def test_requirements_name_distributions() -> None:
    files = {"more.txt": "httpx==1 # why\n"}
    text = (
        "# comment\nFastAPI==0.1 \\\n    --hash=sha256:aaa\nuvicorn[standard]>=0.30,<1\n-r more.txt\n-c limits.txt\n"
        "--index-url https://example.com\npywin32; sys_platform == 'win32'\nurl @ https://example.com/x.whl\n"
    )

    assert required(text, files.get) == {"fastapi", "uvicorn", "httpx", "url"}


def test_the_json_form_is_json_or_the_shell_form() -> None:
    assert Instruction.json('["a", "b"]') == ("a", "b")
    for text in ("['a']", "[1]", "[", "{}", "a"):
        assert Instruction.json(text) is None
