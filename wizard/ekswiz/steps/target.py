"""Step 4: which cluster, where in it, how the service is reached, and what is deployed."""

from __future__ import annotations

from ekswiz.answers import CHOICES
from ekswiz.steps.model import Field, Option, Step, Values


def _new(values: Values) -> bool:
    return values.get("create_cluster", "").lower() == "true"


def _existing(values: Values) -> bool:
    return not _new(values)


def _nodes(values: Values) -> bool:
    return _new(values) and values.get("compute") != "auto"


def _writes(values: Values) -> bool:
    return values.get("framework", "none") != "none"


def _yes_no(yes: str, no: str) -> tuple[Option, ...]:
    return (Option("true", "yes", yes), Option("false", "no", no))


CLUSTER = (
    Field(
        "create_cluster",
        "EKS cluster",
        "An existing cluster gets an access entry and a namespace, nothing more. A new one comes with its network and "
        "nodes: 12 to 15 minutes, and money by the hour. The preview shows how much.",
        kind="choice",
        options=(
            Option("false", "an existing one", "It gets an access entry and a namespace."),
            Option("true", "make one", "With a network and nodes of its own: 12 to 15 minutes, billed by the hour."),
        ),
    ),
    Field(
        "cluster",
        "Name of the cluster",
        "The deploy role may describe this cluster and no other.",
        kind="pick",
    ),
    Field(
        "migrate_access",
        "Switch it to access entries if needed",
        "Access entries need the mode API or API_AND_CONFIG_MAP. A cluster in CONFIG_MAP must be switched first, and "
        "there is no way back. What aws-auth says keeps working.",
        kind="choice",
        options=_yes_no("If it is in CONFIG_MAP: one switch, one way.", "A cluster in CONFIG_MAP is refused."),
        shown=_existing,
    ),
    Field(
        "kubernetes_version",
        "Kubernetes version",
        "latest is the newest in standard support. Standard support lasts 14 months, then the control plane costs six "
        "times as much. A version never goes back.",
        shown=_new,
        hint="latest",
    ),
    Field(
        "compute",
        "Nodes",
        "Who looks after the machines that Pods run on.",
        kind="choice",
        options=(
            Option("nodegroup", "managed node group", "Machines of one type, at least and at most so many."),
            Option("auto", "Auto Mode", "EKS chooses machines by the Pods; dearer by 12 %, nothing to look after."),
        ),
        shown=_new,
    ),
    Field("node_type", "Instance type", "EC2 type of the nodes. t3.medium runs 17 Pods, the system's included.",
          shown=_nodes, hint="t3.medium"),
    Field("node_min", "Least nodes", "So many always run, and cost money. Two outlive the loss of one.", shown=_nodes),
    Field("node_max", "Most nodes", "The node group never grows beyond this.", shown=_nodes),
    Field(
        "endpoint_cidrs",
        "Networks that reach the API endpoint",
        "GitHub's own runners have no fixed addresses: with them it must stay 0.0.0.0/0, and IAM alone decides who "
        "gets in. With runners of your own, name their networks, with commas between.",
        shown=_new,
        hint="0.0.0.0/0",
    ),
    Field("vpc_cidr", "Addresses of the new network", "Must not overlap with networks that you want to connect to it.",
          shown=_new, more=True, hint="192.168.0.0/16"),
    Field("zones", "Availability zones", "2, or 3 for more safety and more traffic between zones.",
          shown=_new, more=True),
    Field(
        "deletion_protection",
        "Protect it from deletion",
        "EKS then refuses to delete the cluster until the protection is switched off.",
        kind="choice",
        options=_yes_no("destroy asks for one more consent.", "destroy removes it as everything else."),
        shown=_new,
        more=True,
    ),
)  # fmt: skip

SERVICE = (
    Field(
        "namespace",
        "Namespace",
        "The deploy role has rights here and nowhere else. It is made if it does not exist.",
    ),
    Field(
        "expose",
        "How is the service reached?",
        "A load balancer needs something in the cluster that makes it: Auto Mode, or the AWS Load Balancer Controller. "
        "The plan checks which there is.",
        kind="choice",
        options=(
            Option("inside", "inside only", "From other Pods, by its name. Costs nothing."),
            Option("internal", "internal load balancer", "From the network of the cluster. Billed by the hour."),
            Option("public", "public load balancer", "From the internet. Billed by the hour."),
        ),
    ),
    Field("workload", "Deployment and Service", "Its Deployment gets each new image, in its first container."),
    Field("port", "Port of the container", "1024 or higher, because the container does not run as root."),
    Field(
        "platform",
        "Processor that the image is for",
        "An image for one kind does not start on nodes of the other: exec format error.",
        kind="choice",
        options=(
            Option("amd64", "amd64", "Intel and AMD; built on GitHub's usual runners."),
            Option("arm64", "arm64", "AWS Graviton; built on GitHub's arm64 runners."),
        ),
    ),
)  # fmt: skip

FILES = (
    Field("folder", "Folder of the service", "In a repository of several services, the place of this one.", more=True),
    Field(
        "context",
        "Folder of the image",
        "The build context: what the workflow hands to the image builder. A path inside the repository.",
        more=True,
    ),
    Field(
        "dockerfile",
        "Dockerfile",
        "The file that the image is built by. A path inside the repository.",
        more=True,
    ),
    Field(
        "manifests", "Folder of the manifests", "Holds a kustomization.yaml. A path inside the repository.", more=True
    ),
    Field(
        "framework",
        "Write a Dockerfile",
        "Where there is none, ekswiz can write one. One of yours is never touched.",
        kind="choice",
        options=tuple(Option(name, name, "") for name in CHOICES["framework"]),
        more=True,
    ),
    Field(
        "app_entry",
        "What that Dockerfile starts",
        "A module and its application, or a file. Empty: what is usual for the framework.",
        unset="",
        hint="e.g. main:app",
        shown=_writes,
        more=True,
    ),
    Field(
        "test_command",
        "Command that runs first",
        "In a job of its own without any AWS credentials. Empty: none.",
        unset="",
        hint="e.g. make test",
        more=True,
    ),
    Field(
        "path_filter",
        "Run for this service's files only",
        "In a repository of several services, a push that changes nothing of this one starts no run.",
        kind="choice",
        options=_yes_no("Only where something of the service changed.", "Every push to the branch deploys."),
        more=True,
    ),
    Field(
        "provenance",
        "Attest how images are built",
        "BuildKit adds a record of its source and its steps to each image in the registry.",
        kind="choice",
        options=_yes_no("An attestation beside each image.", "The image alone."),
        more=True,
    ),
    Field(
        "oidc_check",
        "Workflow that shows the token",
        "It prints the claims of GitHub's token, without its signature, beside what the roles ask for.",
        kind="choice",
        options=_yes_no("One more workflow file, started by hand.", "None."),
        more=True,
    ),
    Field(
        "dependabot",
        "Keep actions and base image fresh",
        "Actions are pinned by commit; Dependabot proposes newer ones as pull requests.",
        kind="choice",
        options=_yes_no("An entry in dependabot.yml.", "None."),
        more=True,
    ),
)

TARGET = Step(
    id="target",
    title="Target",
    question="Where does it run?",
    fields=CLUSTER + SERVICE + FILES,
    why="One namespace of one cluster. The preview comes next: it shows every change, its cost and its command, and "
    "changes nothing.",
)
