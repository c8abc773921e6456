# SPDX-License-Identifier: Apache-2.0
"""The control plane: its certificates and the command line of each of its programs.

Functions of their arguments that write files and return commands; cluster.py runs the commands in
the cluster's network, apiserver.py runs etcd and kube-apiserver on loopback.
"""

import concurrent.futures
import pathlib

import catalog
import layout
import pki

ISSUER = f"https://kubernetes.default.svc.{layout.DNS_DOMAIN}"


def certificates(folder: pathlib.Path, hosts: tuple, node: str = "") -> pki.Authority:
    """Everything that the API server and its clients need. `hosts` are the API server's own."""
    authority = pki.Authority(folder).create()
    front = pki.Authority(folder, "front-proxy-ca").create()
    services = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    names = (*services, f"kubernetes.default.svc.{layout.DNS_DOMAIN}", "localhost")
    jobs = [
        (pki.service_account_keys, folder),
        (front.issue, "front-proxy-client", "front-proxy-client"),
        (authority.issue, "apiserver", "kube-apiserver", "", (*names, "127.0.0.1", *hosts)),
        (authority.issue, "apiserver-kubelet-client", "kube-apiserver", "system:masters"),
        (authority.issue, "admin", "telltale-admin", "system:masters"),
    ]
    if node:
        for role in ("kube-controller-manager", "kube-scheduler", "kube-proxy"):
            jobs.append((authority.issue, role, f"system:{role}"))
        names = (node, layout.NODE_ADDRESS, "127.0.0.1")
        jobs.append((authority.issue, "kubelet", f"system:node:{node}", "system:nodes", names))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(*job) for job in jobs]:
            job.result()
    return authority


def etcd(folder: pathlib.Path, client_port: int, peer_port: int) -> list:
    client = f"http://127.0.0.1:{client_port}"
    peer = f"http://127.0.0.1:{peer_port}"
    return [
        catalog.locate("etcd"),
        *("--name=telltale", f"--data-dir={folder}"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
        *(f"--initial-cluster=telltale={peer}", "--unsafe-no-fsync", "--log-level=warn"),
    ]


def apiserver(
    folder: pathlib.Path, etcd_port: int, address: str, bind: str, port: int, program: str = "kube-apiserver"
) -> list:
    """`folder` holds the certificates; `address` is what the API server tells others to use."""
    return [
        catalog.locate(program),
        *(f"--etcd-servers=http://127.0.0.1:{etcd_port}", f"--cert-dir={folder}"),
        *(f"--advertise-address={address}", f"--bind-address={bind}", f"--secure-port={port}"),
        *("--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"),
        *("--allow-privileged=true", f"--service-cluster-ip-range={layout.SERVICE_RANGE}"),
        f"--client-ca-file={folder}/ca.crt",
        f"--tls-cert-file={folder}/apiserver.crt",
        f"--tls-private-key-file={folder}/apiserver.key",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={folder}/sa.pub",
        f"--service-account-signing-key-file={folder}/sa.key",
        # The kubelet's name is in no DNS, so logs and exec have to go to its address.
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={folder}/ca.crt",
        f"--kubelet-client-certificate={folder}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={folder}/apiserver-kubelet-client.key",
        # What an aggregated API (metrics-server) needs.
        f"--requestheader-client-ca-file={folder}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={folder}/front-proxy-client.crt",
        f"--proxy-client-key-file={folder}/front-proxy-client.key",
        "--enable-aggregator-routing=true",
    ]


def controller_manager(kubeconfig: pathlib.Path, folder: pathlib.Path) -> list:
    return [
        catalog.locate("kube-controller-manager"),
        *(f"--kubeconfig={kubeconfig}", "--bind-address=127.0.0.1", "--leader-elect=false"),
        *(f"--authentication-kubeconfig={kubeconfig}", f"--authorization-kubeconfig={kubeconfig}"),
        f"--root-ca-file={folder}/ca.crt",
        f"--service-account-private-key-file={folder}/sa.key",
        f"--cluster-signing-cert-file={folder}/ca.crt",
        f"--cluster-signing-key-file={folder}/ca.key",
        "--use-service-account-credentials=true",
        "--enable-hostpath-provisioner=true",
    ]


def scheduler(kubeconfig: pathlib.Path) -> list:
    return [
        catalog.locate("kube-scheduler"),
        *(f"--kubeconfig={kubeconfig}", "--bind-address=127.0.0.1", "--leader-elect=false"),
        *(f"--authentication-kubeconfig={kubeconfig}", f"--authorization-kubeconfig={kubeconfig}"),
    ]
