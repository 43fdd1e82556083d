"""A repository without a Dockerfile: what is proposed where the files leave no doubt, and silence where they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ekswiz.detect import detect

FASTAPI = {"requirements.txt": "fastapi==0.116\nuvicorn[standard]\n", "main.py": "app = FastAPI()\n"}
LOCK = {"package-lock.json": "{}"}


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "framework", "entry"),
    [
        (FASTAPI, "fastapi", "main:app"),
        ({**FASTAPI, "main.py": "api: FastAPI = fastapi.FastAPI(title='x')\n"}, "fastapi", "main:api"),
        ({"requirements.txt": "Flask>=3\n", "web.py": "server = flask.Flask(__name__)\n"}, "flask", "web:server"),
        ({"requirements.txt": "django\n", "manage.py": "", "shop/wsgi.py": ""}, "django", "shop.wsgi:application"),
        ({"package.json": '{"scripts": {"start": "node ./src/a.js"}}', "src/a.js": "", **LOCK}, "node", "src/a.js"),
        ({"package.json": '{"main": "index.js"}', "index.js": "", **LOCK}, "node", "index.js"),
        ({"go.mod": "module x", "main.go": "package main\n"}, "go", "."),
        ({"go.mod": "module x", "cmd/api/main.go": "package main\n"}, "go", "cmd/api"),
        ({"public/index.html": "<p>"}, "static", "public"),
    ],
)  # fmt: skip
def test_what_is_plain_is_proposed(tmp_path: Path, files: dict[str, str], framework: str, entry: str) -> None:
    found = detect(tree(tmp_path, files))
    assert (found.fields["framework"], found.fields["app_entry"]) == (framework, entry)
    assert (found.fields["context"], found.fields["dockerfile"]) == (".", "Dockerfile")
    assert found.sources["framework"] == "from the files in the repository"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"requirements.txt": "fastapi\n"},
        {"requirements.txt": "fastapi-utils\n", "main.py": "app = FastAPI()\n"},
        {"requirements.txt": "fastapi\nflask\n", "main.py": "app = FastAPI()\n"},
        {**FASTAPI, "other.py": "admin = FastAPI()\n"},
        {**FASTAPI, "package.json": "{}"},
        {"requirements.txt": "django\n", "a/wsgi.py": "", "b/wsgi.py": "", "manage.py": ""},
        {"package.json": "not json", **LOCK},
        {"package.json": "[]", **LOCK},
        {"package.json": '{"scripts": {"start": "next start"}, "main": "x.js"}', "x.js": "", **LOCK},
        {"package.json": '{"main": "index.js"}', "index.js": ""},
        {"go.mod": "module x", "cmd/a/main.go": "", "cmd/b/main.go": ""},
        {"index.html": "<p>"},
    ],
)
def test_where_there_is_a_doubt_nothing_is_said(tmp_path: Path, files: dict[str, str]) -> None:
    assert "framework" not in detect(tree(tmp_path, files)).fields


def test_a_dockerfile_that_is_there_needs_no_framework(tmp_path: Path) -> None:
    found = detect(tree(tmp_path, {**FASTAPI, "Dockerfile": "FROM x\n"})).fields
    assert "framework" not in found
    assert found["dockerfile"] == "Dockerfile"


def test_code_in_a_folder_of_its_own(tmp_path: Path) -> None:
    found = detect(tree(tmp_path, {f"app/{name}": text for name, text in FASTAPI.items()})).fields
    assert (found["framework"], found["context"], found["dockerfile"]) == ("fastapi", "app", "app/Dockerfile")
