// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/sample_objects.h"

#include <algorithm>
#include <cstdio>

namespace telltale {
namespace {

constexpr int kPodsPerApp = 20;

// ${0} name, ${1} namespace, ${2} application, ${3} address, ${4} node, ${5} ready, ${6} time
std::string PodJson() {
  std::string environment, managed;
  for (int i = 0; i < 12; ++i) {
    char text[160];
    std::snprintf(text, sizeof text, R"(%s{"name":"SETTING_%02d","value":"a plausible value %d"})",
                  i == 0 ? "" : ",", i, i * 7919);
    environment += text;
    std::snprintf(text, sizeof text,
                  R"(%s"k:{\"name\":\"SETTING_%02d\"}":{".":{},"f:name":{},"f:value":{}})",
                  i == 0 ? "" : ",", i);
    managed += text;
  }
  const auto condition = [](const char* type, const char* status) {
    return std::string(R"({"type":")") + type + R"(","observedGeneration":1,"status":")" + status +
           R"(","lastProbeTime":null,"lastTransitionTime":"${6}"})";
  };
  return R"({"metadata":{"name":"${0}","generateName":"${2}-5d8f7c9b6d-","namespace":"${1}",)"
         R"("uid":"${uid}","resourceVersion":"${rv}","generation":1,)"
         R"("creationTimestamp":"2026-11-20T08:00:00Z","labels":{"app.kubernetes.io/name":"${2}",)"
         R"("app":"${2}","pod-template-hash":"5d8f7c9b6d","tier":"backend"},)"
         R"("annotations":{"checksum/config":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d",)"
         R"("prometheus.io/scrape":"true"},"ownerReferences":[{"apiVersion":"apps/v1",)"
         R"("kind":"ReplicaSet","name":"${2}-5d8f7c9b6d","uid":"1c0cf3a2-3c2b-4f3a-9e55-000000000001",)"
         R"("controller":true,"blockOwnerDeletion":true}],"managedFields":[{"manager":)"
         R"("kube-controller-manager","operation":"Update","apiVersion":"v1",)"
         R"("time":"2026-11-20T08:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":)"
         R"({"f:annotations":{".":{},"f:checksum/config":{}},"f:labels":{".":{},"f:app":{}}},)"
         R"("f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:env":{".":{},)" +
         managed +
         R"(},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{}},)"
         R"("f:resources":{".":{},"f:limits":{".":{},"f:memory":{}}}}},"f:restartPolicy":{}}}},)"
         R"({"manager":"kubelet","operation":"Update","apiVersion":"v1",)"
         R"("time":"2026-11-20T08:00:09Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":)"
         R"({"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:status":{}}},"f:phase":{},)"
         R"("f:podIP":{},"f:podIPs":{}}},"subresource":"status"}]},"spec":{"volumes":[{"name":)"
         R"("kube-api-access-x7k2p","projected":{"sources":[{"serviceAccountToken":)"
         R"({"expirationSeconds":3607,"path":"token"}}],"defaultMode":420}}],"containers":[)"
         R"({"name":"app","image":"registry.example/shop/${2}:1.42.7","ports":[{"name":"metrics",)"
         R"("containerPort":9090,"protocol":"TCP"},{"name":"http","containerPort":8080,)"
         R"("protocol":"TCP"}],"env":[)" +
         environment +
         R"(],"resources":{"limits":{"memory":"256Mi"},"requests":{"cpu":"100m",)"
         R"("memory":"128Mi"}},"volumeMounts":[{"name":"kube-api-access-x7k2p","readOnly":true,)"
         R"("mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":)"
         R"({"httpGet":{"path":"/healthz","port":"http","scheme":"HTTP"},"timeoutSeconds":1,)"
         R"("periodSeconds":10},"terminationMessagePath":"/dev/termination-log",)"
         R"("imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always","dnsPolicy":"ClusterFirst",)"
         R"("serviceAccountName":"default","nodeName":"${4}","securityContext":{},)"
         R"("schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready",)"
         R"("operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,)"
         R"("enableServiceLinks":true},"status":{"phase":"Running","conditions":[)" +
         condition("PodReadyToStartContainers", "True") + "," + condition("Initialized", "True") +
         "," + condition("Ready", "${5}") + "," + condition("ContainersReady", "${5}") + "," +
         condition("PodScheduled", "True") +
         R"(],"hostIP":"10.128.0.7","hostIPs":[{"ip":"10.128.0.7"}],"podIP":"${3}",)"
         R"("podIPs":[{"ip":"${3}"}],"startTime":"2026-11-20T08:00:00Z","containerStatuses":[)"
         R"({"name":"app","state":{"running":{"startedAt":"2026-11-20T08:00:08Z"}},"lastState":{},)"
         R"("ready":true,"restartCount":0,"image":"registry.example/shop/${2}:1.42.7",)"
         R"("containerID":"containerd://2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e88",)"
         R"("started":true}],"qosClass":"Burstable"}})";
}

}  // namespace

SampleObjects::SampleObjects(SampleSize size, FakeCluster& cluster)
    : size_(size), cluster_(cluster), pod_(ObjectTemplate::Make(PodJson())) {}

std::string SampleObjects::App(int index) const {
  return "app-" + std::to_string(index / kPodsPerApp);
}

std::string SampleObjects::Namespace(int index) const {
  return "ns-" + std::to_string(index / kPodsPerApp % std::max(size_.namespaces, 1));
}

std::string SampleObjects::PodPath(int index) const {
  return "/api/v1/namespaces/" + Namespace(index) + "/pods/" + App(index) + "-" +
         std::to_string(index);
}

Status SampleObjects::PutPod(int index, int round) {
  char address[32], time[32];
  std::snprintf(address, sizeof address, "10.%d.%d.%d", index >> 16 & 255, index >> 8 & 255,
                index & 255);
  std::snprintf(time, sizeof time, "2026-11-21T%02d:%02d:%02dZ", round / 3'600 % 24,
                round / 60 % 60, round % 60);
  const std::string name = App(index) + "-" + std::to_string(index);
  return cluster_.Put(
      PodPath(index), pod_,
      {name, Namespace(index), App(index), address, "node-" + std::to_string(index % 500),
       round % 2 == 0 ? "True" : "False", time});
}

Status SampleObjects::Fill() {
  for (int i = 0; i < std::max(size_.namespaces, 1); ++i) {
    const std::string name = "ns-" + std::to_string(i);
    TELLTALE_TRY(cluster_.Put("/api/v1/namespaces/" + name,
                              R"({"metadata":{"labels":{"kubernetes.io/metadata.name":")" + name +
                                  R"("}},"spec":{},"status":{"phase":"Active"}})"));
  }
  for (int i = 0; i < size_.pods; ++i) TELLTALE_TRY(PutPod(i, 0));
  for (int i = 0; i < size_.targets; ++i) {
    const std::string app = App(i * kPodsPerApp);
    TELLTALE_TRY(
        cluster_.Put("/apis/telltale.dev/v1alpha1/namespaces/" + Namespace(i * kPodsPerApp) +
                         "/monitoringtargets/" + app,
                     R"({"spec":{"selector":{"matchLabels":{"app":")" + app +
                         R"("}},"metrics":{"endpoints":[{"port":"metrics","path":"/metrics",)"
                         R"("interval":"15s"}]}}})"));
  }
  return {};
}

}  // namespace telltale
