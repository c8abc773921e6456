// SPDX-License-Identifier: Apache-2.0
//
// The small languages that a user writes in stages: templates, selectors and time formats. The
// first line of the input is the program, the others are what it works on. None of them ends the
// process, and the same program gives the same result again.
#include <string>

#include "common/base/check.h"
#include "sidecar/pipeline/ansi.h"
#include "sidecar/pipeline/selector.h"
#include "sidecar/pipeline/template.h"
#include "sidecar/pipeline/time/go_time.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::int64_t kNow = 1'795'222'923'000'000'000;

std::string Rendered(std::string_view program, std::string_view text) {
  auto compiled = Template::Compile(program);
  if (!compiled) return compiled.error().message;
  std::string out;
  compiled->Render(
      [&](std::string_view name, std::string_view& value) {
        value = name == "Value" ? text : text.substr(0, text.size() / 2);
        return name != "none";
      },
      out);
  return out;
}

}  // namespace

void FuzzOne(std::string_view text) {
  const std::string_view program = TakeLine(text);
  TELLTALE_CHECK(Rendered(program, text) == Rendered(program, text));
  if (auto selector = Selector::Compile(program)) {
    const auto label = [&](std::size_t) { return text; };
    TELLTALE_CHECK(selector->Matches(label, text) == selector->Matches(label, text));
  }
  if (auto format = TimeFormat::Compile(program, nullptr)) {
    const auto time = format->Parse(text, kNow);
    TELLTALE_CHECK(!time || *time >= 0);
  }
  std::string plain;
  AppendWithoutAnsi(text, plain);
  TELLTALE_CHECK(plain.size() <= text.size());
}

}  // namespace telltale
