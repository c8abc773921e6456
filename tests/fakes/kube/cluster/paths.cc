// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/paths.h"

#include <charconv>

#include "common/base/strings.h"
#include "common/net/http/http.h"

namespace telltale {
namespace {

// The prefix's length in parts: /api/v1 is 2, /apis/GROUP/VERSION is 3; 0 for anything else.
std::size_t PrefixParts(const std::vector<std::string_view>& parts) {
  if (parts.size() > 2 && parts[0] == "api") return 2;
  if (parts.size() > 3 && parts[0] == "apis") return 3;
  return 0;
}

bool IsTrue(const std::string& text) { return text == "true" || text == "1"; }

void ReadFieldSelector(const std::string& text, RequestOptions& out) {
  if (text.empty()) return;
  for (const std::string_view term : Split(text, ',')) {
    std::size_t at = term.find('=');
    const std::string_view field = term.substr(0, at);
    if (at == term.npos || (at > 0 && term[at - 1] == '!')) {
      out.bad_field = term;
      return;
    }
    std::string_view value = term.substr(at + 1);
    if (!value.empty() && value.front() == '=') value.remove_prefix(1);  // "==" is "=" too
    if (field == "metadata.name") {
      out.field_name = value;
    } else if (field == "metadata.namespace") {
      out.field_namespace = value;
    } else {
      out.bad_field = field;
    }
  }
}

}  // namespace

std::optional<ResourcePath> ParseResourcePath(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  const auto parts = Split(path.substr(1), '/');
  std::size_t at = PrefixParts(parts);
  if (at == 0) return std::nullopt;
  ResourcePath out;
  for (std::size_t i = 0; i < at; ++i) out.prefix.append("/").append(parts[i]);
  // /namespaces/NS/PLURAL... is a namespaced resource; /namespaces, /namespaces/NS and its
  // subresources are the Namespace.
  const bool is_namespace_itself =
      at + 2 < parts.size() && (parts[at + 2] == "status" || parts[at + 2] == "finalize");
  if (parts[at] == "namespaces" && at + 2 < parts.size() && !is_namespace_itself) {
    out.ns = parts[at + 1];
    out.in_namespace = true;
    at += 2;
  }
  out.plural = parts[at++];
  if (at < parts.size()) out.name = parts[at++];
  if (at < parts.size()) out.subresource = parts[at++];
  if (at < parts.size() || out.plural.empty()) return std::nullopt;
  return out;
}

RequestOptions ParseRequestOptions(std::string_view query) {
  RequestOptions out;
  out.watch = IsTrue(QueryParameter(query, "watch"));
  out.bookmarks = IsTrue(QueryParameter(query, "allowWatchBookmarks"));
  out.force = IsTrue(QueryParameter(query, "force"));
  if (const auto text = QueryParameter(query, "sendInitialEvents"); !text.empty()) {
    out.initial_events = IsTrue(text);
  }
  out.version = QueryParameter(query, "resourceVersion");
  out.version_match = QueryParameter(query, "resourceVersionMatch");
  out.continue_token = QueryParameter(query, "continue");
  out.field_manager = QueryParameter(query, "fieldManager");
  out.label_selector = QueryParameter(query, "labelSelector");
  ReadFieldSelector(QueryParameter(query, "fieldSelector"), out);
  out.limit = ParseInt(QueryParameter(query, "limit")).value_or(0);
  out.timeout_seconds = ParseInt(QueryParameter(query, "timeoutSeconds")).value_or(0);
  return out;
}

std::optional<std::uint64_t> ParseVersion(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty()) return value;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

std::optional<LabelSelector> ParseLabelSelector(std::string_view text) {
  LabelSelector out;
  if (Trim(text).empty()) return out;
  for (std::string_view term : Split(text, ',')) {
    term = Trim(term);
    if (term.empty() || term.find_first_of("() <>") != term.npos) return std::nullopt;
    LabelSelector::Term made;
    if (term.front() == '!') {
      made.negated = true;
      term.remove_prefix(1);
    }
    const std::size_t at = term.find('=');
    if (at == term.npos) {
      made.any_value = true;
      made.key = term;
    } else {
      const bool unequal = at > 0 && term[at - 1] == '!';
      made.negated = made.negated || unequal;
      made.key = term.substr(0, unequal ? at - 1 : at);
      term.remove_prefix(at + 1);
      if (!term.empty() && term.front() == '=') term.remove_prefix(1);
      made.value = term;
    }
    out.terms.push_back(std::move(made));
  }
  return out;
}

}  // namespace telltale
