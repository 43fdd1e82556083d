"""ECR through botocore's own model: what goes in and what comes out must fit the published shapes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.validate import ParamValidator

from ekswiz_sim.aws.ecr import Ecr
from ekswiz_sim.aws.ecr_validation import service_model
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.seams import Principal, ServiceError

ACCOUNT = "123456789012"
CALLER = Principal(f"arn:aws:iam::{ACCOUNT}:user/operator", ACCOUNT, "user", "operator", "AIDA1")
OCI = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Api:
    ecr: Ecr
    storage: Storage
    clock: list[float]

    def __call__(self, operation: str, **params: Any) -> Any:
        model = service_model().operation_model(operation)
        report = ParamValidator().validate(params, model.input_shape)
        assert not report.has_errors(), report.generate_report()
        answer = self.ecr.call(operation, params, CALLER)
        fits(model.output_shape, answer, operation)
        return answer

    def refused(self, operation: str, **params: Any) -> ServiceError:
        before = self.ecr.snapshot()
        with pytest.raises(ServiceError) as refused:
            self.ecr.call(operation, params, CALLER)
        assert self.ecr.snapshot() == before, "a refused call must change nothing"
        known = {shape.name for shape in service_model().operation_model(operation).error_shapes}
        assert refused.value.code in known, f"{refused.value.code} is no error of {operation}"
        return refused.value

    def image(self, repository: str, tag: str | None, content: str = "one") -> str:
        blob = self.storage.put(content.encode())
        self.ecr.add_blob(repository, blob)
        row = {"mediaType": "application/octet-stream", "digest": blob, "size": len(content)}
        document = {"schemaVersion": 2, "mediaType": OCI, "config": row, "layers": [row]}
        tagged = {"imageTag": tag} if tag else {}
        answer = self("PutImage", repositoryName=repository, imageManifest=json.dumps(document), **tagged)
        digest: str = answer["image"]["imageId"]["imageDigest"]
        return digest


def fits(shape: Any, value: Any, path: str) -> None:
    """Every member is known to the shape, of its type, and of its enumeration."""
    if shape is None:
        assert value in ({}, None), path
    elif shape.type_name == "structure":
        assert isinstance(value, dict), path
        assert not shape.required_members or set(shape.required_members) <= value.keys(), path
        for name, member in value.items():
            assert name in shape.members, f"{path}.{name} is no member"
            fits(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), path
        for item in value:
            fits(shape.member, item, f"{path}[]")
    elif shape.type_name == "string":
        assert isinstance(value, str), path
        assert not shape.enum or value in shape.enum, f"{path} = {value}"
    elif shape.type_name == "timestamp":
        assert isinstance(value, float), path
    elif shape.type_name in {"integer", "long"}:
        assert type(value) is int, path
    elif shape.type_name == "boolean":
        assert isinstance(value, bool), path
