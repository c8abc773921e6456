// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/shipper.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace telltale::faults {
namespace {

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

std::string OurConfig(const LogPlan& plan, const std::string& state, const std::string& url) {
  return "version: 1\nlisten: 127.0.0.1:0\ninterval: 60s\nstate: " + Quoted(state) +
         "\nlabels: {plan: " + Shipper::LabelOf(plan) + "}\nloki: {url: " + Quoted(url) +
         ", batchWait: 100ms, batchBytes: " +
         std::to_string(std::max<std::size_t>(plan.batch_bytes, 4096)) +
         // Whom it trusts is not what the plans are about.
         (url.starts_with("https") ? ", tls: {insecureSkipVerify: true}" : "") +
         "}\nlogs:\n- files: {include: [" + Quoted(plan.folder + "/*.log") + "]}\n";
}

// Its own defaults, but for how long a batch waits.
std::string PromtailConfig(const LogPlan& plan, const std::string& state, const std::string& url) {
  return "server: {http_listen_address: 127.0.0.1, http_listen_port: 0, grpc_listen_address: "
         "127.0.0.1, grpc_listen_port: 0}\npositions: {filename: " +
         Quoted(state + "/positions.yaml") +
         "}\nclients: [{url: " + Quoted(url + "/loki/api/v1/push") +
         ", batchwait: 100ms}]\nscrape_configs:\n- job_name: p\n" +
         (plan.cri ? "  pipeline_stages: [{cri: {}}]\n" : "") +
         "  static_configs: [{labels: {plan: " + Shipper::LabelOf(plan) +
         ", __path__: " + Quoted(plan.folder + "/*.log") + "}}]\n";
}

}  // namespace

bool Shipper::IsPromtail() {
  const char* name = std::getenv("TELLTALE_LOG_SHIPPER");
  return name != nullptr && std::string_view(name) == "promtail";
}

std::string Shipper::Program() {
  if (!IsPromtail()) return ProgramPath("telltale-sidecar");
  const char* path = std::getenv("TELLTALE_PROMTAIL");
  return path == nullptr ? "" : path;
}

std::string Shipper::LabelOf(const LogPlan& plan) {
  return plan.Name() + (IsPromtail() ? "_promtail" : "");
}

Shipper::Shipper(std::string folder, const LogPlan& plan, const std::string& loki_url)
    : folder_(std::move(folder)), state_(folder_ + "/state"), config_(folder_ + "/config.yaml") {
  std::filesystem::create_directories(state_);
  std::ofstream(config_) << (IsPromtail() ? PromtailConfig(plan, state_, loki_url)
                                          : OurConfig(plan, state_, loki_url));
}

void Shipper::Start() {
  process_ = std::make_unique<ChildProcess>(
      Program(),
      std::vector<std::string>{(IsPromtail() ? "-config.file=" : "--config=") + config_});
}

void Shipper::Kill() {
  if (process_) earlier_ += process_->Log() + "-- ended by SIGKILL\n";
  process_.reset();
}

void Shipper::Stop() {
  process_->Signal(SIGTERM);
  process_->Wait();
  earlier_ += process_->Log() + "-- ended by SIGTERM\n";
  process_.reset();
}

std::string Shipper::MetricsPage() {
  return process_ && !IsPromtail() ? process_->Get("/metrics") : "";
}

bool Shipper::Follows(std::size_t files) {
  if (!process_) return false;
  if (!IsPromtail())
    return process_->Metric("telltale_logs_files{state=\"current\"}") >= static_cast<double>(files);
  std::size_t seen = 0;
  const std::string log = process_->Log();
  for (std::size_t at = log.find("tail routine: started"); at != log.npos;
       at = log.find("tail routine: started", at + 1)) {
    ++seen;
  }
  return seen >= files;
}

std::string Shipper::Log() const { return earlier_ + (process_ ? process_->Log() : ""); }

std::int64_t Shipper::ResidentKiB() const {
  if (!process_) return 0;
  std::ifstream rollup("/proc/" + std::to_string(process_->pid()) + "/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Rss:")) return std::atoll(line.c_str() + 4);
  }
  return 0;
}

}  // namespace telltale::faults
