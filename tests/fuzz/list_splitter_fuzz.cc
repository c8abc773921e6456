// SPDX-License-Identifier: Apache-2.0
//
// The answer to a LIST: where the network cuts it changes nothing about its objects, and a document
// that the JSON parser takes is read to its end.
#include <algorithm>
#include <string>
#include <vector>

#include "common/base/check.h"
#include "operator/kube/list_splitter.h"
#include "operator/kube/watch_event.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

struct Parts {
  bool ok = true, complete = false;
  std::vector<std::string> items;
  std::string metadata;
  bool operator==(const Parts&) const = default;
};

Parts Cut(std::string_view text, std::size_t piece) {
  ListSplitter splitter(1u << 20);
  Parts out;
  while (!text.empty() && out.ok) {
    const Status fed = splitter.Feed(text.substr(0, piece),
                                     [&](std::string_view item) { out.items.emplace_back(item); });
    if (!fed.ok()) TELLTALE_CHECK(!fed.error().message.empty());
    out.ok = fed.ok();
    text.remove_prefix(std::min(piece, text.size()));
  }
  out.complete = splitter.complete();
  out.metadata = splitter.metadata();
  return out;
}

}  // namespace
}  // namespace telltale

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telltale;  // NOLINT: a program of one function
  static JsonParser parser;
  const std::string_view text = FuzzText(data, size);
  const Parts whole = Cut(text, size + 1);
  for (const std::size_t piece : {1u, 7u, 300u}) TELLTALE_CHECK(Cut(text, piece) == whole);
  const bool is_object =
      parser
          .Parse(text,
                 [](JsonValue root) {
                   return root.ForEachField([](std::string_view, JsonValue) { return Status(); });
                 })
          .ok();
  if (is_object) TELLTALE_CHECK(whole.ok && whole.complete);
  for (const std::string& item : whole.items) {
    TELLTALE_CHECK(item.front() == '{' && (item.back() == '}' || item.back() == ']'));
  }
  ListMeta meta;
  const Status ignored = DecodeListMeta(parser, whole.metadata, meta);
  return 0;
}
