"""What the registry answers when it will not: OCI error bodies with ECR's texts.

Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from ekswiz_sim.seams import ServiceError

STATUS = {
    "UNAUTHORIZED": 401,
    "DENIED": 403,
    "NAME_UNKNOWN": 404,
    "BLOB_UNKNOWN": 404,
    "BLOB_UPLOAD_UNKNOWN": 404,
    "MANIFEST_UNKNOWN": 404,
    "MANIFEST_BLOB_UNKNOWN": 404,
    "UNSUPPORTED": 405,
    "BLOB_UPLOAD_INVALID": 416,
}
"""HTTP status of an OCI error code; 400 for the others."""

OF_ECR = {
    "RepositoryNotFoundException": "NAME_UNKNOWN",
    "ImageNotFoundException": "MANIFEST_UNKNOWN",
    "ImageTagAlreadyExistsException": "TAG_INVALID",
    "LayersNotFoundException": "MANIFEST_BLOB_UNKNOWN",
    "ReferencedImagesNotFoundException": "MANIFEST_BLOB_UNKNOWN",
    "ImageDigestDoesNotMatchException": "DIGEST_INVALID",
    "InvalidParameterException": "MANIFEST_INVALID",
}
"""OCI error code of an ECR exception."""


class OciError(Exception):
    """A refusal in the registry's words."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.status = status or STATUS.get(code, 400)

    def response(self) -> web.Response:
        """The answer with an OCI error body."""
        body = {"errors": [{"code": self.code, "message": self.message}]}
        return web.json_response(body, status=self.status, headers=self.headers)


def of_ecr(error: ServiceError) -> OciError:
    """ECR's refusal as the registry says it. A missing image has a text of its own at this door."""
    code = OF_ECR.get(error.code, "UNKNOWN")
    message = "Requested image not found" if code == "MANIFEST_UNKNOWN" else error.message
    return OciError(code, message)
