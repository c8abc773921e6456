// SPDX-License-Identifier: Apache-2.0
//
// PrometheusServer: asks one Prometheus, or what answers its API, about our targets. Used by
// PrometheusPoller, which may have several: an HA pair, or shards. One thread asks; Cancel is for
// any.
//
// Our targets are found by their label __meta_telltale_target in whatever scrape pool they are, as
// the name of a job is the user's. All pools may be a hundred times as many targets as ours, so
// those that had some of ours are remembered, and all are looked at once a minute.
#pragma once

#include <set>
#include <string>

#include "common/access/access_client.h"
#include "common/base/clock.h"
#include "common/text/json_reader.h"
#include "operator/plan/status/prometheus_view.h"
#include "operator/reconcile/prometheus/prometheus_answer.h"

namespace telltale {

class PrometheusServer {
 public:
  // For a URL and an access that AccessClient::Check accepts.
  PrometheusServer(const std::string& url, const Access& access, Clock& clock);

  // Adds all that it says to `view`; after an error that is a part.
  Status AskAll(PrometheusView& view);
  // Of the last AskAll: why nothing of ours was found; empty if some was. No full stop.
  const std::string& note() const { return note_; }
  const std::string& name() const { return name_; }  // the URL without credentials
  void Cancel() { client_.Cancel(); }

 private:
  Status AskTargets(PrometheusView& view);
  Status Ask(const std::string& target, PrometheusAnswer& answer);
  Error Refused(const HttpResponse& response, std::string_view path) const;
  std::string NothingOfOurs(const PrometheusAnswer::Pools& pools) const;

  const std::string name_;
  AccessClient client_;
  Clock& clock_;
  JsonParser parser_;
  std::set<std::string> pools_;  // with targets of ours
  SteadyTime looked_at_all_{};
  SteadyTime::duration all_took_{};
  std::string note_;
};

}  // namespace telltale
