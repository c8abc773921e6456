# SPDX-License-Identifier: Apache-2.0
"""Two operators at once: where they run, how one follows the other, and who reaches which."""

import chart

NAME = "telltale-operator"


def deployment(*settings: str) -> dict:
    return chart.find(chart.render(*settings), "Deployment", NAME)


def arguments(one: dict) -> dict[str, str]:
    words = (word.partition("=") for word in chart.pod(one)["containers"][0]["args"])
    return {name: value for name, _, value in words}


def test_two_run_and_one_of_them_writes():
    one = deployment()
    assert one["spec"]["replicas"] == 2
    given = arguments(one)
    assert "--leader-elect" in given
    # Two releases in a namespace do not share a Lease, and the role names the same one.
    assert given["--lease-name"] == NAME
    other = chart.find(chart.render("fullnameOverride=watch"), "Deployment", "watch-operator")
    assert arguments(other)["--lease-name"] == "watch-operator"
    role = chart.find(chart.render("fullnameOverride=watch"), "Role", "watch-operator")
    assert ["watch-operator"] in [rule.get("resourceNames") for rule in role["rules"]]


def test_a_single_replica_elects_itself_for_an_update_runs_two():
    one = deployment("operator.replicas=1")
    assert one["spec"]["replicas"] == 1
    assert "--leader-elect" in arguments(one)


def test_a_candidate_is_known_by_its_pod():
    [env] = chart.pod(deployment())["containers"][0]["env"]
    assert env["name"] == "POD_NAME"
    assert env["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_an_update_starts_the_new_before_it_ends_the_old():
    strategy = deployment()["spec"]["strategy"]
    assert strategy == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_the_end_has_time_to_drain_without_a_shell():
    one = deployment()
    spec = chart.pod(one)
    assert "lifecycle" not in spec["containers"][0]
    delay = int(arguments(one)["--shutdown-delay"].removesuffix("s"))
    # The delay, a request of the writers under way (5 s), and the release of the lease (5 s).
    assert 1 < delay and delay + 10 < spec["terminationGracePeriodSeconds"]
    assert spec["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_a_drain_of_nodes_takes_one_at_a_time():
    budget = chart.find(chart.render(), "PodDisruptionBudget", NAME)
    assert budget["apiVersion"] == "policy/v1"
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert budget["spec"]["selector"] == deployment()["spec"]["selector"]
    off = chart.render("operator.enabled=false", "promtail.enabled=false")
    assert "PodDisruptionBudget" not in {one["kind"] for one in off}


def test_they_are_rather_apart_but_one_node_will_do():
    labels = deployment()["spec"]["selector"]
    spec = chart.pod(deployment())
    assert set(spec["affinity"]) == {"podAntiAffinity"}
    [(when, [term])] = spec["affinity"]["podAntiAffinity"].items()
    assert when == "preferredDuringSchedulingIgnoredDuringExecution"
    assert term["podAffinityTerm"] == {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": labels,
    }
    [spread] = spec["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    assert spread["topologyKey"] == "topology.kubernetes.io/zone"
    assert spread["labelSelector"] == labels


def test_whoever_says_where_they_run_is_obeyed():
    spec = chart.pod(
        deployment(
            "operator.affinity.nodeAffinity.a=b",
            "operator.topologySpreadConstraints[0].topologyKey=rack",
        )
    )
    assert spec["affinity"] == {"nodeAffinity": {"a": "b"}}
    assert spec["topologySpreadConstraints"] == [{"topologyKey": "rack"}]


def test_all_that_are_ready_stand_behind_the_service_and_each_has_a_name_of_its_own():
    labels = deployment()["spec"]["selector"]["matchLabels"]
    service = chart.find(chart.render(), "Service", NAME)["spec"]
    assert service["selector"] == labels
    assert "publishNotReadyAddresses" not in service
    pods = chart.find(chart.render(), "Service", f"{NAME}-pods")["spec"]
    assert pods["selector"] == labels
    assert pods["clusterIP"] == "None" and pods["publishNotReadyAddresses"] is True
    assert [port["name"] for port in pods["ports"]] == ["http"]
