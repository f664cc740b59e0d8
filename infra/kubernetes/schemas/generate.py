"""Writes the schemas that the chart's objects are checked against, without a network, beside this script.

    pip download --no-deps kubernetes-validate==1.37.0 && unzip kubernetes_validate-*.whl -d validate
    go mod download github.com/kedacore/keda/v2@v2.21.0
    python3 generate.py validate "$(go env GOMODCACHE)/github.com/kedacore/keda/v2@v2.21.0"

Of Kubernetes' own schemas those of the kinds that are used, whole and without descriptions; of KEDA's those
that its custom resource definitions hold. What a schema does not know is refused. Needs PyYAML.
"""

import json
import sys
from pathlib import Path

import yaml

VERSION = "v1.31.0"
KINDS = {
    "cronjob-batch-v1": "io.k8s.api.batch.v1.CronJob",
    "deployment-apps-v1": "io.k8s.api.apps.v1.Deployment",
    "serviceaccount-v1": "io.k8s.api.core.v1.ServiceAccount",
    "poddisruptionbudget-policy-v1": "io.k8s.api.policy.v1.PodDisruptionBudget",
}
RESOURCES = {
    "scaledobject-keda-v1alpha1": "keda.sh_scaledobjects.yaml",
    "triggerauthentication-keda-v1alpha1": "keda.sh_triggerauthentications.yaml",
}
KEPT = {
    "additionalProperties", "anyOf", "allOf", "oneOf", "not", "enum", "const", "format", "items", "pattern",
    "properties", "required", "type", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength",
}


def small(schema, definitions):
    """A schema with its references followed, and without what does not decide."""
    if "$ref" in schema:
        return small(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    kept = {}
    for name, value in schema.items():
        if name not in KEPT:
            continue
        if name == "properties":
            value = {key: small(inner, definitions) for key, inner in value.items()}
        elif name in ("items", "additionalProperties", "not") and isinstance(value, dict):
            value = small(value, definitions)
        elif name in ("anyOf", "allOf", "oneOf"):
            value = [small(inner, definitions) for inner in value]
        kept[name] = value
    if kept.get("properties") and "additionalProperties" not in kept and not schema.get("x-kubernetes-preserve-unknown-fields"):
        kept["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        kept.pop("type", None)
    return kept


def typed(schema):
    """Kind and version may stand in every object; what else is in the metadata is Kubernetes' matter."""
    schema["properties"].update(apiVersion={"type": "string"}, kind={"type": "string"})
    schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind", "metadata"})
    return schema


def write(name, schema):
    path = Path(__file__).parent / f"{name}.json"
    path.write_text(json.dumps(typed(schema), sort_keys=True, separators=(",", ":")) + "\n")


def main(validate, keda):
    folder = Path(validate) / "kubernetes_validate" / "kubernetes-json-schema" / f"{VERSION}-local"
    definitions = json.loads((folder / "_definitions.json").read_text())["$defs"]
    for name, kind in KINDS.items():
        write(name, small(definitions[kind], definitions))
    metadata = small(definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"], definitions)
    for name, file in RESOURCES.items():
        resource = yaml.safe_load((Path(keda) / "config" / "crd" / "bases" / file).read_text())
        (version,) = resource["spec"]["versions"]
        schema = small(version["schema"]["openAPIV3Schema"], {})
        schema["properties"]["metadata"] = metadata
        write(name, schema)


main(*sys.argv[1:])
