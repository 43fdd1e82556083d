"""The AWS account: who calls, until when, and what they may do."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import datetime
from email.utils import parsedate_to_datetime

from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.errors import EkswizError, Transient

SHORT_SESSION = 15 * 60
"""Seconds that an apply may well take."""
SKEW, FATAL_SKEW = 30.0, 240.0
"""Seconds of difference to warn of, and after which AWS refuses signatures (it allows five minutes)."""
CLOCK_SECONDS = 5.0


def credentials(facts: Facts) -> Finding:
    """STS knows who we are."""
    try:
        found = facts.once("door", facts.source.door).identity
    except EkswizError as error:
        return fail(error.detail, error.remedy or "Sign in: aws sso login, or aws configure")
    alias = f" ({found.alias})" if found.alias else ""
    return ok(f"{found.arn} in account {found.account}{alias}")


def session(facts: Facts) -> Finding:
    """The session lasts longer than an apply."""
    left = facts.door().identity.seconds_left
    if left is None:
        return ok("these credentials do not say when they end")
    said = f"{int(left // 60)} min left"
    return warn(said, "Sign in again first: aws sso login") if left < SHORT_SESSION else ok(said)


def account(facts: Facts) -> Finding:
    """The credentials are the account's that the answers name."""
    found, wanted = facts.door().identity.account, facts.answers().account
    if found != wanted:
        return fail(
            f"the credentials are account {found}'s, the answers say {wanted}",
            "Name the right --profile, or correct account.",
        )
    return ok(f"account {found}, as the answers say")


def not_root(facts: Facts) -> Finding:
    """Nobody works as the root user."""
    if facts.door().identity.arn.endswith(":root"):
        return warn(
            "you are the account's root user",
            "Sign in as a role or user: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html",
        )
    return ok("not the root user")


def clock(facts: Facts) -> Finding:
    """This machine's clock agrees with AWS's."""
    there = _date(facts)
    seconds = abs((facts.source.now() - there).total_seconds())
    said = f"{seconds:.0f} s off"
    if seconds >= FATAL_SKEW:
        return fail(said, "Set the clock: timedatectl set-ntp true. AWS refuses what is signed 5 minutes off.")
    return warn(said, "Set the clock: timedatectl set-ntp true") if seconds >= SKEW else ok(said)


def permissions(facts: Facts) -> Finding:
    """Whoever calls may do what the plan needs."""
    target = facts.target()
    try:
        made = facts.plan()
    except EkswizError as error:
        raise Unasked("no plan can be made") from error
    found = facts.session().permissions(made, target)
    said = found.sentence().removeprefix("permissions: ")
    if found.missing:
        return fail(said, "Ask for them: ekswiz operator-policy. Or let somebody else do it: ekswiz hand-off DIR")
    if any(verdict.answer == "unknown" for verdict in found.verdicts):
        return skip(said, "To know beforehand: ekswiz operator-policy --self-check")
    return ok(said)


def _date(facts: Facts) -> datetime:
    """What AWS's STS, which needs no signature to say so, calls now."""
    url = facts.sts_url()
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - STS's own address
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=CLOCK_SECONDS) as answer:
            said = answer.headers.get("Date", "")
    except urllib.error.HTTPError as error:
        with error:
            said = error.headers.get("Date", "")
    except OSError as error:
        raise Transient(f"{url} does not answer ({getattr(error, 'reason', error)}).", "Check the network.") from error
    try:
        return parsedate_to_datetime(said)
    except ValueError as error:
        raise Unasked(f"{url} does not say what time it is") from error


class _Stay(urllib.request.HTTPRedirectHandler):
    """STS sends who has no question to a web page; the time is in that answer already."""

    def redirect_request(self, *_: object) -> None:
        """Never."""
        return


CHECKS = (
    Examination("aws-credentials", "AWS credentials", "Without them nothing can be read or made.", credentials),
    Examination("aws-session", "AWS session", "A session that ends during an apply leaves it half done.", session),
    Examination("aws-account", "AWS account", "Everything is made in this account, and in no other.", account),
    Examination(
        "root-user", "Root user", "Nothing limits the root user, and nothing can be taken back from it.", not_root
    ),
    Examination("clock", "Clock", "AWS and EKS refuse what was signed too early or too late.", clock),
    Examination("permissions", "Permissions", "One that lacks stops an apply half way.", permissions),
)
