"""The registry over the wire: OCI distribution with ECR's answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from unit.registry.room import NODE, OCI, ROLE, Room, digest_of

ARN = "arn:aws:ecr:eu-central-1:123456789012:repository/app"


def test_without_a_login_it_asks_for_one(room: Room) -> None:
    answer = room.http("GET", "/v2/", login=None)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == f'Basic realm="http://{room.host}/",service="ecr.amazonaws.com"'
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert answer.error == ("UNAUTHORIZED", "Not Authorized")


def test_with_a_login_it_is_open(room: Room) -> None:
    assert room.http("GET", "/v2/").status == 200


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic", "Basic !!!", "Basic YWJj", "Basic //79", ""])
def test_malformed_credentials_are_no_credentials(room: Room, authorization: str) -> None:
    assert room.http("GET", "/v2/", login=None, Authorization=authorization).status == 401


def test_a_flipped_character_of_the_password_is_refused(room: Room) -> None:
    user, password = room.login()
    flipped = ("A" if password[0] != "A" else "B") + password[1:]

    assert room.http("GET", "/v2/", login=(user, flipped)).status == 401


def test_an_expired_login_says_so(room: Room) -> None:
    login = room.login()
    room.clock[0] += 12 * 3600 + 1

    answer = room.http("GET", "/v2/", login=login)

    text = "Your authorization token has expired. Reauthenticate and try again."
    assert (answer.status, answer.error) == (403, ("DENIED", text))


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("HEAD", "/v2/app/blobs/{blob}", "ecr:BatchCheckLayerAvailability"),
        ("GET", "/v2/app/blobs/{blob}", "ecr:GetDownloadUrlForLayer"),
        ("POST", "/v2/app/blobs/uploads/", "ecr:InitiateLayerUpload"),
        ("PATCH", "/v2/app/blobs/uploads/x", "ecr:UploadLayerPart"),
        ("PUT", "/v2/app/blobs/uploads/x?digest={blob}", "ecr:CompleteLayerUpload"),
        ("HEAD", "/v2/app/manifests/v1", "ecr:BatchGetImage"),
        ("GET", "/v2/app/manifests/v1", "ecr:BatchGetImage"),
        ("PUT", "/v2/app/manifests/v1", "ecr:PutImage"),
        ("GET", "/v2/app/tags/list", "ecr:ListImages"),
    ],
)
def test_every_request_is_the_ecr_action_it_stands_for(room: Room, method: str, path: str, action: str) -> None:
    path = path.format(blob=digest_of(b"x"))
    room.gate.denied.add(f"{action} {ARN}")

    answer = room.http(method, path, b"" if method in {"POST", "PUT", "PATCH"} else None)

    assert room.gate.asked == [(ROLE.arn, action, ARN)]
    assert answer.status == 403
    if method != "HEAD":
        code, text = answer.error
        assert code == "DENIED"
        assert text.startswith(f"User: {ROLE.arn} is not authorized to perform: {action} on resource: {ARN}")


def test_who_may_not_is_not_told_whether_a_repository_exists(room: Room) -> None:
    room.gate.denied.add("ecr:BatchGetImage")

    answers = [room.http("GET", f"/v2/{name}/manifests/v1") for name in ("app", "nothing")]

    assert [one.status for one in answers] == [403, 403]


@pytest.mark.parametrize("name", ["nothing", "app/more", "../app", "app%2f..", "blobs/uploads"])
def test_a_repository_that_ecr_does_not_have(room: Room, name: str) -> None:
    answer = room.http("POST", f"/v2/{name}/blobs/uploads/", b"")

    assert answer.status == 404
    assert answer.error[0] == "NAME_UNKNOWN"
    assert "does not exist in the registry with id '123456789012'" in answer.error[1]


def test_a_blob_in_pieces(room: Room) -> None:
    data = bytes(range(256)) * 5000
    location = room.http("POST", "/v2/app/blobs/uploads/", b"").headers["Location"]

    first = room.http("PATCH", location, data[:700_000], Content_Range="0-699999")
    status = room.http("GET", location)
    gap = room.http("PATCH", location, b"late", Content_Range="800000-800003")
    second = room.http("PATCH", location, data[700_000:])
    done = room.http("PUT", f"{location}?digest={digest_of(data)}", b"")

    assert (first.status, first.headers["Range"]) == (202, "0-699999")
    assert (status.status, status.headers["Range"]) == (204, "0-699999")
    assert (gap.status, gap.headers["Range"]) == (416, "0-699999")
    assert second.headers["Range"] == f"0-{len(data) - 1}"
    assert (done.status, done.headers["Docker-Content-Digest"]) == (201, digest_of(data))
    assert room.http("GET", done.headers["Location"]).body == data


def test_a_blob_in_one_request(room: Room) -> None:
    data = b"all at once"

    answer = room.http("POST", f"/v2/app/blobs/uploads/?digest={digest_of(data)}", data)

    head = room.http("HEAD", f"/v2/app/blobs/{digest_of(data)}")
    assert answer.status == 201
    assert (head.status, head.headers["Content-Length"], head.body) == (200, str(len(data)), b"")
    part = room.http("GET", f"/v2/app/blobs/{digest_of(data)}", Range="bytes=4-5")
    assert (part.status, part.body) == (206, b"at")


def test_bytes_that_are_not_their_digest_are_refused_and_gone(room: Room) -> None:
    location = room.http("POST", "/v2/app/blobs/uploads/", b"").headers["Location"]

    answer = room.http("PUT", f"{location}?digest={digest_of(b'other')}", b"these")

    assert (answer.status, answer.error[0]) == (400, "DIGEST_INVALID")
    assert room.http("GET", location).status == 404
    assert room.http("HEAD", f"/v2/app/blobs/{digest_of(b'these')}").status == 404
    assert [path for path in room.blobs.parent.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("digest", ["", "sha256:short", "sha512:" + "a" * 128, "../../etc/passwd"])
def test_a_digest_of_another_kind_is_refused(room: Room, digest: str) -> None:
    location = room.http("POST", "/v2/app/blobs/uploads/", b"").headers["Location"]

    assert room.http("PUT", f"{location}?digest={digest}", b"x").error[0] == "DIGEST_INVALID"


def test_an_upload_is_its_owners(room: Room) -> None:
    location = room.http("POST", "/v2/app/blobs/uploads/", b"").headers["Location"]
    room.call("CreateRepository", repositoryName="other")

    by_another = room.http("PATCH", location, b"x", login=room.login(NODE))
    elsewhere = room.http("PATCH", location.replace("/app/", "/other/"), b"x")
    cancelled = room.http("DELETE", location)
    afterwards = room.http("PATCH", location, b"x")

    assert [by_another.error[0], elsewhere.error[0]] == ["BLOB_UPLOAD_UNKNOWN"] * 2
    assert (cancelled.status, afterwards.status) == (204, 404)


def test_a_layer_of_one_repository_is_not_in_another(room: Room) -> None:
    room.call("CreateRepository", repositoryName="other")
    digest = room.upload("app", b"secret layer")

    assert room.http("GET", f"/v2/other/blobs/{digest}").error[0] == "BLOB_UNKNOWN"
    assert room.http("GET", f"/v2/app/blobs/{digest}").body == b"secret layer"


@pytest.mark.parametrize(
    ("setting", "denied", "status"),
    [("DISABLED", "", 202), ("ENABLED", "", 201), ("ENABLED", "ecr:GetDownloadUrlForLayer", 202)],
)
def test_a_layer_is_mounted_where_the_account_and_the_source_allow_it(
    room: Room, setting: str, denied: str, status: int
) -> None:
    room.call("CreateRepository", repositoryName="other")
    room.call("PutAccountSetting", name="BLOB_MOUNTING", value=setting)
    digest = room.upload("app", b"shared")
    if denied:
        room.gate.denied.add(f"{denied} {ARN}")

    answer = room.http("POST", f"/v2/other/blobs/uploads/?mount={digest}&from=app", b"")

    assert answer.status == status
    assert (room.http("HEAD", f"/v2/other/blobs/{digest}").status == 200) == (status == 201)


def test_a_manifest_is_found_by_tag_and_by_digest(room: Room) -> None:
    put, body = room.push("app", "v1")
    digest = digest_of(body)

    by_tag = room.http("GET", "/v2/app/manifests/v1")
    by_digest = room.http("GET", f"/v2/app/manifests/{digest}")
    head = room.http("HEAD", "/v2/app/manifests/v1")

    assert (put.status, put.headers["Docker-Content-Digest"]) == (201, digest)
    assert by_tag.body == by_digest.body == body
    assert by_tag.headers["Content-Type"] == OCI
    assert (head.headers["Docker-Content-Digest"], head.headers["Content-Length"]) == (digest, str(len(body)))
    described = room.call("DescribeImages", repositoryName="app")["imageDetails"][0]
    assert (described["imageDigest"], described["imageTags"]) == (digest, ["v1"])


def test_a_manifest_without_its_layers_is_refused(room: Room) -> None:
    body = room.manifest("app", b"layer")
    room.call("CreateRepository", repositoryName="empty")

    answer = room.http("PUT", "/v2/empty/manifests/v1", body, Content_Type=OCI)

    assert (answer.status, answer.error[0]) == (404, "MANIFEST_BLOB_UNKNOWN")
    assert digest_of(b"layer") in answer.error[1]


@pytest.mark.parametrize(
    ("reference", "change", "code"),
    [
        ("v1", lambda _body: b"{", "MANIFEST_INVALID"),
        ("v1", lambda body: body + b" " * 4 * 1024 * 1024, "MANIFEST_INVALID"),
        ("sha256:" + "0" * 64, lambda body: body, "DIGEST_INVALID"),
        ("md5:0", lambda body: body, "DIGEST_INVALID"),
        ("-v1", lambda body: body, "TAG_INVALID"),
        ("v" * 129, lambda body: body, "TAG_INVALID"),
    ],
)
def test_a_bad_manifest_is_refused(room: Room, reference: str, change: Callable[[bytes], bytes], code: str) -> None:
    body = change(room.manifest("app", b"layer"))

    answer = room.http("PUT", f"/v2/app/manifests/{reference}", body, Content_Type=OCI)

    assert answer.status in {400, 413}
    assert answer.error[0] == code
    assert room.call("ListImages", repositoryName="app")["imageIds"] == []


def test_an_immutable_tag_stays_even_for_the_same_image(room: Room) -> None:
    room.call("PutImageTagMutability", repositoryName="app", imageTagMutability="IMMUTABLE")
    first, _ = room.push("app", "v1")

    same, _ = room.push("app", "v1")
    other, _ = room.push("app", "v1", b"another layer")
    new, _ = room.push("app", "v2", b"another layer")

    text = (
        "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten "
        "because the repository is immutable."
    )
    assert (first.status, new.status) == (201, 201)
    assert (same.status, same.error) == (other.status, other.error) == (400, ("TAG_INVALID", text))


def test_the_same_manifest_again_is_fine_where_tags_may_move(room: Room) -> None:
    assert [room.push("app", "v1")[0].status for _ in range(2)] == [201, 201]


def test_an_image_that_is_not_there(room: Room) -> None:
    answer = room.http("GET", "/v2/app/manifests/nope")

    assert (answer.status, answer.error) == (404, ("MANIFEST_UNKNOWN", "Requested image not found"))


def test_a_manifest_that_changed_on_disk_is_not_served(room: Room) -> None:
    _, body = room.push("app", "v1")
    stored = room.blob_file(digest_of(body))
    stored.write_bytes(body.replace(b"layers", b"lawyer"))

    answer = room.http("GET", "/v2/app/manifests/v1")

    assert (answer.status, answer.error[1]) == (500, f"stored manifest {digest_of(body)} is damaged")


def test_tags_are_listed_in_pages(room: Room) -> None:
    for tag in ("c", "a", "b"):
        room.push("app", tag)

    first = room.http("GET", "/v2/app/tags/list?n=2")
    link = first.headers["Link"]
    second = room.http("GET", link[1 : link.index(">")])

    assert json.loads(first.body) == {"name": "app", "tags": ["a", "b"]}
    assert link.endswith('; rel="next"')
    assert json.loads(second.body)["tags"] == ["c"]
    assert room.http("GET", "/v2/app/tags/list?n=x").status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2/_catalog"), ("DELETE", "/v2/app/manifests/v1"), ("DELETE", "/v2/app/blobs/x"), ("GET", "/v1/")],
)
def test_the_rest_is_unsupported(room: Room, method: str, path: str) -> None:
    answer = room.http(method, path)

    assert (answer.status, answer.error[0]) == (405, "UNSUPPORTED")


def test_a_large_layer_costs_no_memory(room: Room) -> None:
    import tracemalloc

    data = bytes(48 * 1024 * 1024)
    location = room.http("POST", "/v2/app/blobs/uploads/", b"").headers["Location"]
    tracemalloc.start()
    room.http("PATCH", location, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 16 * 1024 * 1024
