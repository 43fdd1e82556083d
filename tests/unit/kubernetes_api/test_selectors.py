from __future__ import annotations

import pytest

from ekswiz_sim.kubernetes.embedded.api.cells import human
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.kinds import CONFIG_MAPS, PODS
from ekswiz_sim.kubernetes.embedded.objects.selectors import predicate

POD = {
    "metadata": {"name": "web", "namespace": "a", "labels": {"app": "web", "tier": "front", "x.io/y": "z"}},
    "spec": {"nodeName": "node"},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web , tier != back", True),
        ("app=web,tier=back", False),
        ("app in (web, api)", True),
        ("app notin (web,api)", False),
        ("other notin (a)", True),
        ("other!=a", True),
        ("other=", False),
        ("app", True),
        ("!app", False),
        ("!other", True),
        ("x.io/y=z", True),
        ("app in (api),tier", False),
    ],
)
def test_labels(selector: str, selected: bool) -> None:
    assert predicate(PODS, selector, "")(POD) is selected


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("metadata.name=web", True),
        ("metadata.name!=web", False),
        ("metadata.namespace=a,status.phase=Running", True),
        ("spec.nodeName=", False),
        ("spec.nodeName!=", True),
    ],
)
def test_fields(selector: str, selected: bool) -> None:
    assert predicate(PODS, "", selector)(POD) is selected


@pytest.mark.parametrize(
    ("labels", "fields", "text"),
    [
        ("a=b=c", "", "unable to parse requirement"),
        ("a in b", "", "unable to parse requirement"),
        ("=b", "", "unable to parse requirement"),
        ("", "status.phase=Running", '"status.phase" is not a known field selector: only "metadata.name"'),
        ("", "metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
    ],
)
def test_what_cannot_be_selected_by(labels: str, fields: str, text: str) -> None:
    with pytest.raises(ApiError) as refused:
        predicate(CONFIG_MAPS, labels, fields)
    assert refused.value.code == 400
    assert text in refused.value.message


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (1500, "25m"),
        (3 * 3600, "3h"),
        (5 * 3600 + 600, "5h10m"),
        (30 * 3600, "30h"),
        (3 * 86400 + 4 * 3600, "3d4h"),
        (30 * 86400, "30d"),
    ],
)
def test_ages_as_kubectl_writes_them(seconds: int, text: str) -> None:
    assert human(seconds) == text
