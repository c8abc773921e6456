// SPDX-License-Identifier: Apache-2.0
//
// Fills a ClusterIndex in tests: objects as the JSON that the API server sends, handed to a sink as
// a reflector does.
#pragma once

#include <string>

#include "operator/kube/watch/reflector_sink.h"
#include "operator/store/cluster_index.h"

namespace telltale {

// What a test says of a pod; the rest is like any pod's.
struct PodSpec {
  std::string ns = "shop", name = "shop-1";
  std::string uid = {};  // "uid-NAME" when empty
  std::string ip = "10.0.0.1", phase = "Running", node = "node-a";
  Labels labels = {{"app", "shop"}};
  bool host_network = false, sidecar = false, deleting = false;
  int port = 8080;
  std::string resource_version = "1";
};

std::string PodJson(const PodSpec& pod);
// `spec` is the JSON object.
std::string TargetJson(const std::string& ns, const std::string& name, const std::string& spec,
                       const std::string& uid = "t");
std::string NamespaceJson(const std::string& name, const Labels& labels = {});

// Each returns the resourceVersion that the sink gave back; a decode error fails no test, as the
// reflector goes on too.
std::string Send(ReflectorSink& sink, const std::string& json);
std::string SendDeleted(ReflectorSink& sink, const std::string& json);
// A whole new content of nothing, so that a kind counts as synced.
void SendEmpty(ReflectorSink& sink);

}  // namespace telltale
