"""A report in one page that needs nothing else: plan, trust chain, access matrix, timings. No script, no request.

It is a document for those who were not there: every sign is also a word, every picture also a list, and colours follow
what the reader's system prefers.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from ekswiz import __version__
from ekswiz.export import chain, html_access, html_plan
from ekswiz.export.document import Document, Subject
from ekswiz.export.markup import Markup, join, tag
from ekswiz.render import summary

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What the page may load, by its own word: nothing but its own style."""


def html(subject: Subject) -> tuple[Document, ...]:
    """The page."""
    plan = subject.view.plan
    body = tag("body", _header(subject), tag("main", *_sections(subject), id="report"), _footer(subject))
    text = f"<!doctype html>\n{tag('html', _head(subject), body, lang='en')}\n"
    return (Document(f"ekswiz-{plan.stack}.html", text),)


def _head(subject: Subject) -> Markup:
    style = (resources.files("ekswiz.export") / "page.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=f"ekswiz {__version__}"),
        tag("title", f"Plan for {subject.view.plan.stack}, account {subject.view.plan.account}"),
        Markup(f"<style>\n{style}</style>"),
    )


def _header(subject: Subject) -> Markup:
    plan, answers = subject.view.plan, subject.answers
    where = f"account {plan.account}, {plan.region}"
    lead = f"Deployments of {answers.repository}, branch {answers.branch}, to EKS cluster {answers.cluster}; {where}."
    return tag(
        "header",
        tag("h1", f"Plan for {plan.stack}"),
        tag("p", lead, class_="lead"),
        tag("p", tag("strong", summary(plan)), class_="summary"),
        tag("nav", tag("ul", *(tag("li", tag("a", title, href=f"#{name}")) for name, title in _TITLES.items())),
            aria_label="Sections"),
    )  # fmt: skip


_TITLES = {
    "chain": "Trust chain",
    "access": "Who can do what",
    "plan": "Every change",
    "time": "Time and cost",
}


def _sections(subject: Subject) -> Iterator[Markup]:
    parts = {
        "chain": lambda: chain.picture(subject.answers),
        "access": lambda: join(html_access.parts(subject)),
        "plan": lambda: join(html_plan.changes(subject)),
        "time": lambda: join(html_plan.time_and_cost(subject)),
    }
    for name, title in _TITLES.items():
        yield tag("section", tag("h2", title), parts[name](), id=name)


def _footer(subject: Subject) -> Markup:
    plan = subject.view.plan
    said = f"Plan {plan.fingerprint[:12]}, made {plan.made_at} by ekswiz {__version__}. Making this changed nothing."
    return tag("footer", tag("p", said))
