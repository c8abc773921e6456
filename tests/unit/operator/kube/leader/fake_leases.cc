// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/kube/leader/fake_leases.h"

#include "common/text/json_reader.h"

namespace telltale {
namespace {

// metadata as key -> JSON of its value.
std::map<std::string, std::string> MetadataOf(const std::string& body) {
  std::map<std::string, std::string> fields;
  JsonParser parser;
  (void)parser.Parse(body, [&](JsonValue root) -> Status {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key != "metadata") return {};
      return value.ForEachField([&](std::string_view field, JsonValue text) -> Status {
        fields[std::string(field)] = text.Raw().value_or("");
        return {};
      });
    });
  });
  return fields;
}

// The parser wants a resourceVersion, which a new Lease has none of.
LeaseSpec SpecOf(const std::string& body) {
  const auto at = body.find("\"metadata\":{") + 12;
  auto lease = ParseLease(body.substr(0, at) + "\"resourceVersion\":\"0\"," + body.substr(at));
  return lease ? lease->spec : LeaseSpec{"<unreadable>"};
}

}  // namespace

ApiResponse FakeLeases::Call(const ApiRequest& request) {
  requests.push_back(request.method);
  std::string path = request.target.substr(0, request.target.find('?'));
  if (request.method != "GET") last_body = request.body;
  if (request.method == "POST") {
    auto metadata = MetadataOf(request.body);
    const std::string& name = metadata["name"];
    path += "/" + name.substr(1, name.size() - 2);
    if (leases_.contains(path)) return {409, R"({"reason":"AlreadyExists","message":"exists"})"};
    leases_[path] = {metadata, ++version_, SpecOf(request.body)};
    return Answer(201, leases_[path]);
  }
  auto found = leases_.find(path);
  if (found == leases_.end()) return {404, R"({"reason":"NotFound","message":"not found"})"};
  Stored& stored = found->second;
  if (request.method == "PUT") {
    auto metadata = MetadataOf(request.body);
    if (metadata["resourceVersion"] != "\"" + std::to_string(stored.version) + "\"") {
      return {409, R"({"reason":"Conflict","message":"the object has been modified"})"};
    }
    metadata.erase("resourceVersion");
    stored = {metadata, ++version_, SpecOf(request.body)};
  }
  return Answer(200, stored);
}

std::string FakeLeases::Metadata(const Stored& stored) const {
  std::string json = "{\"resourceVersion\":\"" + std::to_string(stored.version) + "\"";
  for (const auto& [key, value] : stored.metadata) json += ",\"" + key + "\":" + value;
  return json + "}";
}

ApiResponse FakeLeases::Answer(int status, const Stored& stored) const {
  return {status, RenderLease(Metadata(stored), stored.spec)};
}

LeaseSpec FakeLeases::Spec(const std::string& path) const {
  auto found = leases_.find(path);
  return found == leases_.end() ? LeaseSpec() : found->second.spec;
}

void FakeLeases::Set(const std::string& path, const LeaseSpec& spec) {
  Stored& stored = leases_[path];
  stored.spec = spec;
  stored.version = ++version_;
}

void FakeLeases::SetMetadata(const std::string& path, const std::string& key,
                             const std::string& json) {
  leases_[path].metadata[key] = json;
  leases_[path].version = ++version_;
}

}  // namespace telltale
