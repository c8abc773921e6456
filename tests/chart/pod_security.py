# SPDX-License-Identifier: Apache-2.0
"""Pod Security's profile "restricted", checked on a pod's spec.

https://kubernetes.io/docs/concepts/security/pod-security-standards/ in the version of Kubernetes
1.34. A test of test_crd.py lets the real API server judge the same pods.
"""

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SECCOMP = {"RuntimeDefault", "Localhost"}


def _container(spec: dict, container: dict) -> list[str]:
    pod = spec.get("securityContext", {})
    own = container.get("securityContext", {})

    def setting(name: str):
        return own.get(name, pod.get(name))

    problems = []
    if own.get("privileged"):
        problems.append("is privileged")
    if own.get("allowPrivilegeEscalation") is not False:
        problems.append("does not set allowPrivilegeEscalation: false")
    if own.get("capabilities", {}).get("drop") != ["ALL"]:
        problems.append("does not drop ALL capabilities")
    if set(own.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"}:
        problems.append("adds capabilities")
    if setting("runAsNonRoot") is not True:
        problems.append("does not set runAsNonRoot: true")
    if setting("runAsUser") == 0:
        problems.append("runs as user 0")
    if (setting("seccompProfile") or {}).get("type") not in SECCOMP:
        problems.append("has no seccompProfile")
    if any(port.get("hostPort") for port in container.get("ports", [])):
        problems.append("takes a port of the node")
    return [f"container {container['name']} {problem}" for problem in problems]


def violations(spec: dict) -> list[str]:
    """What in a pod's spec the profile forbids, a sentence each."""
    problems = [f"sets {key}" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    for volume in spec.get("volumes", []):
        kinds = set(volume) - {"name"}
        if kinds - VOLUMES:
            problems.append(f"volume {volume['name']} is a {', '.join(sorted(kinds))}")
    for container in spec.get("initContainers", []) + spec["containers"]:
        problems += _container(spec, container)
    return problems
