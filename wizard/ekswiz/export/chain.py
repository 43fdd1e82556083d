"""The trust chain as a picture: who is let in by what, up to the namespace. SVG, and a list that says the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ekswiz.answers import Answers
from ekswiz.export.markup import Markup, tag

WIDE, GAP, LINE, PAD = 184, 26, 17, 11
"""Pixels: a box, the space between two, a line of text, the border of a box."""
LONGEST, LONGEST_NAME = 23, 20
"""Characters of a line in a box; a name is bold and takes more room."""
PIECES = re.compile(r"\S*?(?:[./:@-]|\s+|$)", re.ASCII)
"""What a line may end with: names have no spaces."""
TOP = 8


@dataclass(frozen=True, slots=True)
class Box:
    """One link of the chain: what it is, how it is called, what it asks for or allows. `lane`: 0 build, 1 deploy."""

    column: int
    lane: int
    title: str
    name: str
    says: tuple[str, ...] = ()
    spans: bool = False

    @property
    def lines(self) -> list[str]:
        """Its text, wrapped."""
        said = [line for text in self.says for line in wrapped(text, LONGEST)]
        return [*self.name_lines, *said]

    @property
    def name_lines(self) -> list[str]:
        """Its name alone, wrapped."""
        return wrapped(self.name, LONGEST_NAME)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, broken at spaces and behind signs; what has neither is cut."""
    lines = [""]
    for piece in (found[0] for found in PIECES.finditer(text)):
        rest = piece
        if len(lines[-1]) + len(rest.rstrip()) > width and lines[-1]:
            lines.append("")
        while len(rest.rstrip()) > width:
            lines[-1:] = [rest[:width], ""]
            rest = rest[width:]
        lines[-1] += rest
    return [line.rstrip() for line in lines if line.strip()] or [""]


def boxes(answers: Answers) -> tuple[Box, ...]:
    """Every link, from GitHub to the namespace."""
    environment = f"environment {answers.environment}" if answers.environment else "its own workflow file"
    rights = "AWS's edit policy" if answers.rights == "edit" else answers.kubernetes_group
    ids = (f"repository id {answers.repo_id}", f"owner id {answers.owner_id}")
    return (
        Box(0, 0, "GitHub repository", answers.repository, (f"branch {answers.branch}",), spans=True),
        Box(1, 0, "Job", "build", ("token: signed, minutes long",)),
        Box(1, 1, "Job", "deploy", ("token: signed, minutes long", environment)),
        Box(2, 0, "OIDC provider", answers.issuer, ("audience sts.amazonaws.com",), spans=True),
        Box(3, 0, "Push role", answers.push_role, (*ids, f"branch {answers.branch}", "one workflow file")),
        Box(3, 1, "Deploy role", answers.deploy_role, (*ids, environment)),
        Box(4, 0, "ECR repository", answers.ecr_repository, ("push and look, nothing else",)),
        Box(4, 1, "EKS cluster", answers.cluster, (f"access entry: {rights}",)),
        Box(5, 1, "Namespace", answers.namespace, (f"roll out {answers.workload}",)),
    )


def links(answers: Answers) -> list[str]:
    """The same in sentences."""
    through = f"environment {answers.environment}" if answers.environment else "a workflow file of its own"
    return [
        f"A push to branch {answers.branch} of {answers.repository} starts two jobs; GitHub signs a token for each.",
        f"The account's OIDC provider for {answers.issuer} lets AWS verify those tokens.",
        f"The build job's token opens {answers.push_role}, which can push to {answers.ecr_repository} and no more.",
        f"The deploy job's token, told apart by {through}, opens {answers.deploy_role}.",
        f"That role can find cluster {answers.cluster} and no more.",
        f"An access entry maps that role into the cluster; its rights end at namespace {answers.namespace}.",
    ]


def picture(answers: Answers) -> Markup:
    """The picture, with its sentences below it."""
    found = boxes(answers)
    lanes = [max(_height(box) for box in found if box.lane == lane and not box.spans) for lane in (0, 1)]
    height = TOP * 2 + sum(lanes) + GAP
    width = TOP * 2 + 6 * WIDE + 5 * GAP
    parts = [
        tag("title", "From a push to the namespace", id="picture-title"),
        tag("desc", " ".join(links(answers)), id="picture-says"),
        *(_arrow(first, last, lanes) for first, last in _neighbours(found)),
        *(_drawn(box, lanes) for box in found),
    ]
    drawn = tag(
        "svg", *parts, viewBox=f"0 0 {width} {height}", role="img", class_="chain", width=width, height=height,
        aria_labelledby="picture-title picture-says",
    )  # fmt: skip
    framed = tag("div", drawn, class_="wide", tabindex=0, role="region", aria_label="The trust chain as a picture")
    said = tag("ol", *(tag("li", sentence) for sentence in links(answers)))
    return Markup(f"{framed}{said}")


def _neighbours(found: Sequence[Box]) -> list[tuple[Box, Box]]:
    """Every box with the next one of its lane; a box that spans both belongs to both."""
    pairs = []
    for lane in (0, 1):
        row = sorted((box for box in found if box.spans or box.lane == lane), key=lambda box: box.column)
        pairs += [(first, last, lane) for first, last in pairwise(row)]
    return [(_in_lane(first, lane), _in_lane(last, lane)) for first, last, lane in pairs]


def _in_lane(box: Box, lane: int) -> Box:
    return Box(box.column, lane, box.title, box.name, box.says, box.spans)


def _height(box: Box) -> int:
    return PAD * 2 + LINE * (len(box.lines) + 1)


def _place(box: Box, lanes: Sequence[int]) -> tuple[int, int, int]:
    """Left, top and height."""
    left = TOP + box.column * (WIDE + GAP)
    if box.spans:
        return left, TOP, sum(lanes) + GAP
    return left, TOP + (lanes[0] + GAP) * box.lane, lanes[box.lane]


def _drawn(box: Box, lanes: Sequence[int]) -> Markup:
    left, top, height = _place(box, lanes)
    names = len(box.name_lines)
    lines = [
        tag(
            "text",
            line,
            x=left + PAD,
            y=top + PAD + LINE * (number + 2) - 4,
            class_="name" if number < names else "says",
        )
        for number, line in enumerate(box.lines)
    ]
    frame = tag("rect", x=left, y=top, width=WIDE, height=height, rx=8)
    title = tag("text", box.title, x=left + PAD, y=top + PAD + LINE - 4, class_="kind")
    return tag("g", frame, title, *lines, class_="shared" if box.spans else f"lane{box.lane}")


def _arrow(first: Box, last: Box, lanes: Sequence[int]) -> Markup:
    """From the right side of one box to the left of the next, in the middle of the lane."""
    middle = TOP + (lanes[0] + GAP) * first.lane + lanes[first.lane] // 2
    start = _place(first, lanes)[0] + WIDE
    end = _place(last, lanes)[0]
    return tag("path", d=f"M{start} {middle}H{end - 7}m0 -5l7 5l-7 5", class_="arrow")
