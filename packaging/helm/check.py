"""python packaging/helm/check.py BINARY: renders the chart as Helm does, and holds what comes out to the schemas of Kubernetes and to the program.

Needs the packages of requirements.txt. Kinds of the Prometheus operator have no schema there: of them only the form of the rules is checked.
"""

import pathlib
import re
import subprocess
import sys

import helm_python
import kubernetes_validate
import yaml

CHART = pathlib.Path(__file__).parent / "holdfast"
RULES = pathlib.Path(__file__).parent.parent / "prometheus"
VERSION = "1.36"
LEAST = {"image": {"repository": "registry.example/holdfast"}, "site": "https://holdfast.example"}
MOST = {
    **LEAST,
    "image": {"repository": "registry.example/holdfast", "digest": "sha256:" + "a" * 64},
    "trustedProxies": ["10.0.0.7", "10.244.0.0/16"],
    "databaseSecret": "database",
    "smtpSecret": "smtp",
    "mailFrom": "desk@holdfast.example",
    "node": {"rpc": "http://bitcoin:8332", "user": "holdfast", "passwordSecret": "node", "network": "testnet4"},
    "options": ["--require-second-factor"],
    "ingress": {"enabled": True, "className": "nginx", "annotations": {"a": "b"}, "tlsSecret": "tls"},
    "metrics": {"enabled": True, "serviceMonitor": True, "rules": True},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}], "metricsFrom": []},
    "nodeSelector": {"disk": "nvme"},
    "tolerations": [{"key": "desk", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}
# What is left out, and what the refusal must name.
REFUSED = [
    ({"site": LEAST["site"]}, "image.repository"),
    ({"image": LEAST["image"]}, "site"),
    ({**LEAST, "node": {"rpc": "http://bitcoin:8332"}}, "node.passwordSecret"),
    ({**LEAST, "smtpSecret": "smtp"}, "mailFrom"),
    ({**LEAST, "ingress": {"enabled": True}}, "ingress.tlsSecret"),
    ({**LEAST, "gateway": {"replicas": 2}}, "trustedProxies"),
]


def rendered(values):
    """All objects of the chart, by kind."""
    with helm_python.Chart.load(str(CHART)) as chart:
        texts = chart.render(values, name="desk", namespace="compliance")
    objects = [o for text in texts.values() for o in yaml.safe_load_all(text) if o]
    found = {}
    for item in objects:
        # Those of gateways have a name of their own.
        kind = ("Gateway" if item["metadata"]["name"].endswith("-gateway") else "") + item["kind"]
        assert kind not in found, f"two of kind {kind}"
        found[kind] = item
        if "coreos.com" not in item["apiVersion"]:
            kubernetes_validate.validate(item, VERSION, strict=True)
    return found


def held(found):
    """What every rendering must have."""
    pod = found["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert found["StatefulSet"]["spec"]["replicas"] == 1, "one process writes to a store"
    bounded(pod, container)
    probes = {p: container[p]["httpGet"]["path"] for p in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes == {"startupProbe": "/health/live", "livenessProbe": "/health/live", "readinessProbe": "/health/ready"}, probes
    named = {v["name"] for v in pod["volumes"]} | {c["metadata"]["name"] for c in found["StatefulSet"]["spec"].get("volumeClaimTemplates", [])}
    mounted = {m["name"] for m in container["volumeMounts"]}
    assert mounted == named, f"mounted {mounted}, there are {named}"
    ports = {p["name"] for p in container["ports"]}
    assert {p["targetPort"] for p in found["Service"]["spec"]["ports"]} == ports
    return container


def gateway_held(found, known):
    """What the gateways must have: the desk's Service is where they look for it, and it knows their names."""
    pod = found["GatewayDeployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    bounded(pod, container)
    assert {a.split("=")[0] for a in container["args"] if a.startswith("--")} <= known
    (port,) = (p["port"] for p in found["Service"]["spec"]["ports"] if p["name"] == "http")
    assert f"--desk=http://{found['Service']['metadata']['name']}:{port}" in container["args"], container["args"]
    desk = found["StatefulSet"]["spec"]["template"]["spec"]["containers"][0]["args"]
    name = found["GatewayService"]["metadata"]["name"]
    assert f"--host={name}" in desk and f"--host={name}.compliance.svc" in desk, desk
    labels = found["GatewayDeployment"]["spec"]["template"]["metadata"]["labels"]
    for kind, selector in [("GatewayService", lambda o: o["selector"]), ("GatewayNetworkPolicy", lambda o: o["podSelector"]["matchLabels"])]:
        assert selector(found[kind]["spec"]) == labels, kind
    # The desk takes requests of the gateways alone, and is not taken for one of them.
    (http, _) = found["NetworkPolicy"]["spec"]["ingress"]
    assert http["from"] == [{"podSelector": {"matchLabels": labels}}], http
    of_desk = found["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    assert not labels.items() <= of_desk.items()
    assert not found["Service"]["spec"]["selector"].items() <= labels.items()
    rule = found["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]
    assert rule["backend"]["service"]["name"] == name
    assert found["GatewayPrometheusRule"]["spec"] == yaml.safe_load((RULES / "holdfast-gateway.rules.yml").read_text())


def bounded(pod, container):
    """Who runs it, and what it may do."""
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001
    secure = container["securityContext"]
    assert secure["readOnlyRootFilesystem"] and not secure["allowPrivilegeEscalation"] and secure["capabilities"] == {"drop": ["ALL"]}


def main(binary):
    options = subprocess.run([binary, "serve", "--help"], check=True, capture_output=True, text=True).stdout
    known = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", options, re.MULTILINE))
    for values in (LEAST, MOST, {**MOST, "storage": {"existingClaim": "claim"}, "metrics": {"enabled": False}}):
        container = held(found := rendered(values))
        used = {a.split("=")[0] for a in container["args"] if a.startswith("--")}
        assert used <= known, f"holdfast serve has no {used - known}"
        # The secrets are where the options look for them.
        places = [m["mountPath"] for m in container["volumeMounts"]]
        for option in (a for a in container["args"] if "file=" in a):
            assert any(option.split("=")[1].startswith(place + "/") for place in places), option
    found = rendered(MOST)
    assert set(found) == {"StatefulSet", "Service", "Ingress", "NetworkPolicy", "ServiceMonitor", "PrometheusRule"}, set(found)
    assert found["PrometheusRule"]["spec"] == yaml.safe_load((RULES / "holdfast.rules.yml").read_text()), "the chart's alerts are others"
    assert found["Ingress"]["spec"]["rules"][0]["host"] == "holdfast.example"
    assert set(rendered(LEAST)) == {"StatefulSet", "Service", "NetworkPolicy"}
    with_gateways = rendered({**MOST, "gateway": {"replicas": 2}})
    gateway_held(with_gateways, known)
    assert set(with_gateways) == set(found) | {"Gateway" + k for k in ("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor", "PrometheusRule")}
    for values, named in REFUSED:
        try:
            rendered(values)
        except helm_python.HelmError as error:
            assert named in str(error), f"{named} is not named: {error}"
        else:
            raise AssertionError(f"rendered without {named}")
    print(f"helm: rendered by Helm's engine, valid for Kubernetes {VERSION}; kinds of the Prometheus operator have no schema here and were not validated")


if __name__ == "__main__":
    main(sys.argv[1])
