# SPDX-License-Identifier: Apache-2.0
"""The workloads of reason_cases.py. Each has a page of metrics at 8080 and writes a log, unless it says otherwise."""

import json

import manifests

# Pages of one application: wrong until /tmp/mended is there.
CGI = r"""
mkdir -p /tmp/w/cgi-bin
cat > /tmp/w/cgi-bin/ok <<'END'
#!/bin/sh
say() { printf "HTTP/1.0 200 OK\r\nContent-Type: $1\r\n\r\n$2"; }
good() { say 'text/plain; version=0.0.4' 'page_ok 1\n'; exit; }
[ -f /tmp/mended ] && good
case ${SCRIPT_NAME##*/} in
  unauthorized) printf 'Status: 401 Unauthorized\r\n\r\nno\n' ;;
  forbidden) printf 'Status: 403 Forbidden\r\n\r\nno\n' ;;
  gone) printf 'Status: 404 Not Found\r\n\r\nno\n' ;;
  error) printf 'Status: 500 Internal Server Error\r\n\r\nno\n' ;;
  redirect) printf 'HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:9/login\r\n\r\n' ;;
  html) say text/html '<html><body>Please log in</body></html>\n' ;;
  json) say application/json '{"ok": true}\n' ;;
  empty) say 'text/plain; version=0.0.4' '' ;;
  long) say text/plain "page_ok{long=\"$(head -c 5000 /dev/zero | tr '\0' x)\"} 1\n" ;;
  slow) sleep 10; good ;;
  *) good ;;
esac
END
chmod +x /tmp/w/cgi-bin/ok
echo 'page_ok 1' > /tmp/w/metrics
for page in unauthorized forbidden gone error redirect html json empty long slow; do
  ln -s ok /tmp/w/cgi-bin/$page
done
"""
# At 9443 what a port that speaks TLS answers to plain HTTP; at 9999 nobody.
PORTS = r"""
cat > /tmp/tls <<'END'
#!/bin/sh
while read -r line && [ ${#line} -gt 1 ]; do :; done
[ -f /tmp/mended ] && exec printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\npage_ok 1\n'
printf '\025\003\001\000\002\002\106'
END
chmod +x /tmp/tls
(while true; do nc -l -p 9443 -e /tmp/tls; done) &
(until [ -f /tmp/mended ]; do sleep 0.5; done; exec httpd -f -p 9999 -h /tmp/w) &
"""
WRITES = "(while true; do echo a line >> /var/log/app/app.log; sleep 1; done) 2> /dev/null &"
LATE = WRITES.replace("/var/log/app/app.log", "/var/log/late/late.log")
NO_STORE = {"ip": "127.0.0.1", "hostnames": ["telltale-victorialogs.telltale.svc.cluster.local"]}
# 45 KB of stages that every reader takes.
LONG = [{"json": {"expressions": {f"field{i:02}" + "x" * 50: "y" * 120 for i in range(16)}}}] * 16


ROOT = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsUser": 0}


def container(port: str = "http", name: str = "app", listen: int = 8080, script: str = "", begin: str = ":",
              root: bool = False, **more) -> dict:  # fmt: skip
    script = script or f"{begin}\n{CGI}{WRITES}\nexec httpd -f -p {listen} -h /tmp/w"
    made = manifests.container(script, name, ports=[{"name": port, "containerPort": listen}], **more)
    return made | {"securityContext": ROOT} if root else made


def pages() -> dict:
    return container(script=f"{CGI}{PORTS}exec httpd -f -p 8080 -h /tmp/w")


def silent(begin: str = ":") -> dict:
    """Writes no line by itself."""
    return container(script=f"{begin}; {CGI}exec httpd -f -p 8080 -h /tmp/w")


def idle() -> dict:
    return manifests.container("exec sleep 1000000")


def deployment(namespace: str, name: str, *containers: dict, replicas: int = 1, annotations=None, **pod) -> dict:
    made = json.loads(manifests.deployment(namespace, name, {}, *(containers or (container(),)), replicas=replicas))
    made["spec"]["template"]["metadata"]["annotations"] = annotations or {}
    made["spec"]["template"]["spec"] |= pod
    return made


def workload(kind: str, namespace: str, name: str, *containers: dict) -> dict:
    made = deployment(namespace, name, *containers)
    if kind == "Deployment":
        return made
    spec = {key: made["spec"][key] for key in ("selector", "template")}
    if kind == "Job":
        del spec["selector"]
        spec["template"]["spec"]["restartPolicy"] = "Never"
    if kind == "StatefulSet":
        spec["serviceName"] = name
    group = "batch/v1" if kind == "Job" else "apps/v1"
    return {"apiVersion": group, "kind": kind, "metadata": made["metadata"], "spec": spec}


def quota(namespace: str, hard: dict) -> dict:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": namespace},
            "spec": {"hard": hard}}  # fmt: skip


def without_quota(cluster, case) -> None:
    cluster.kubectl("-n", case.namespace, "delete", "resourcequota", "none")


def may_read_output(namespace: str) -> list[dict]:
    """What examples/podlog/role.yaml gives the default ServiceAccount."""
    about = {"name": "podlog", "namespace": namespace}
    rules = [{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}]
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "podlog"}
    group = "rbac.authorization.k8s.io/v1"
    return [{"apiVersion": group, "kind": "Role", "metadata": about, "rules": rules},
            {"apiVersion": group, "kind": "RoleBinding", "metadata": about, "roleRef": role, "subjects": [subject]}]
