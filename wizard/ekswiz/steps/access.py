"""Step 3: what the two roles may do."""

from __future__ import annotations

from ekswiz.steps.model import Field, Option, Step

YES_NO = (Option("true", "yes", ""), Option("false", "no", ""))

ACCESS = Step(
    id="access",
    title="Access",
    question="What may the pipeline do, once inside?",
    fields=(
        Field(
            "stack",
            "Name of this pipeline",
            "Roles and tags carry it: ekswiz-NAME-push may push images, ekswiz-NAME-deploy may deploy. Two pipelines "
            "in one account need two names.",
        ),
        Field(
            "ecr_repository",
            "Image repository (ECR)",
            "The push role may push to this repository and to no other. It is made if it does not exist. Images of a "
            "repository that existed before are never deleted by ekswiz.",
        ),
        Field(
            "rights",
            "Rights in the namespace",
            "What the deploy role may do in Kubernetes, in one namespace. It never gets rights over the cluster.",
            kind="choice",
            options=(
                Option("group", "deploy only", "Deployments, Services, Ingresses, ConfigMaps. No Secrets, no shells."),
                Option("edit", "AWS's edit policy", "Also Secrets, and shells in Pods (AmazonEKSEditPolicy)."),
            ),
        ),
        Field(
            "operator_access",
            "Let yourself in while applying",
            "The namespace and its Role are made through Kubernetes. If you have no access entry there, ekswiz can "
            "give you one while it applies, and takes it away again.",
            kind="choice",
            options=(
                Option("false", "no", "You reach Kubernetes already, or somebody else prepares the namespace."),
                Option("true", "yes", "A temporary access entry with cluster admin rights, for whoever applies."),
            ),
        ),
        Field(
            "boundary",
            "Permissions boundary",
            "Some organisations demand a boundary on every role. Empty: none.",
            unset="",
            more=True,
            hint="arn:aws:iam::123456789012:policy/name",
        ),
    ),
    why="The build job becomes the first role and may push images to one repository. The deploy job becomes the second "
    "and may deploy to one namespace. Neither can do what the other can.",
)
