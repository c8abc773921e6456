// SPDX-License-Identifier: Apache-2.0
#include "common/base/flags.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/check.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

Error Refuse(const std::string& name, std::string_view value, std::string_view accepted) {
  return Fail(Code::kInvalid, "flag --" + name + " is \"" + std::string(value) + "\", but " +
                                  std::string(accepted) + " is needed");
}

// One argument taken apart: "--name=value", "-name".
struct Argument {
  std::string_view name;
  std::string_view value;
  bool has_value = false;
};

Argument TakeApart(std::string_view text) {
  text.remove_prefix(text.substr(0, 2) == "--" ? 2 : 1);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, {}, false};
  return {text.substr(0, equals), text.substr(equals + 1), true};
}

bool LooksLikeFlag(std::string_view text) { return text.size() > 1 && text[0] == '-'; }

}  // namespace

Flags::Flags(std::string program, std::string summary)
    : program_(std::move(program)), summary_(std::move(summary)) {}

void Flags::Add(std::string name, std::string* value, std::string placeholder, std::string help) {
  TELLTALE_CHECK(Find(name) == nullptr);
  Flag flag{std::move(name), std::move(placeholder), std::move(help), *value, false, {}};
  flag.set = [value](std::string_view text) -> Status {
    *value = text;
    return {};
  };
  flags_.push_back(std::move(flag));
}

void Flags::Add(std::string name, int* value, std::string placeholder, std::string help) {
  TELLTALE_CHECK(Find(name) == nullptr);
  Flag flag{name, std::move(placeholder), std::move(help), std::to_string(*value), false, {}};
  flag.set = [value, name = std::move(name)](std::string_view text) -> Status {
    const auto number = ParseInt(text);
    if (!number || *number < std::numeric_limits<int>::min() ||
        *number > std::numeric_limits<int>::max()) {
      return Refuse(name, text, "a whole number");
    }
    *value = static_cast<int>(*number);
    return {};
  };
  flags_.push_back(std::move(flag));
}

void Flags::Add(std::string name, bool* value, std::string help) {
  TELLTALE_CHECK(Find(name) == nullptr);
  Flag flag{name, "", std::move(help), *value ? "true" : "", true, {}};
  flag.set = [value, name = std::move(name)](std::string_view text) -> Status {
    if (text != "true" && text != "false") return Refuse(name, text, "true or false");
    *value = text == "true";
    return {};
  };
  flags_.push_back(std::move(flag));
}

void Flags::Add(std::string name, std::chrono::milliseconds* value, std::string placeholder,
                std::string help) {
  TELLTALE_CHECK(Find(name) == nullptr);
  const auto count = value->count();
  std::string text =
      count % 1000 == 0 ? std::to_string(count / 1000) + "s" : std::to_string(count) + "ms";
  Flag flag{name, std::move(placeholder), std::move(help), std::move(text), false, {}};
  flag.set = [value, name = std::move(name)](std::string_view given) -> Status {
    const auto ms = ParseDurationMs(given);
    if (!ms) return Refuse(name, given, "a duration such as 15s or 1m30s");
    *value = std::chrono::milliseconds(*ms);
    return {};
  };
  flags_.push_back(std::move(flag));
}

const Flags::Flag* Flags::Find(std::string_view name) const {
  for (const Flag& flag : flags_) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

Status Flags::Parse(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (!LooksLikeFlag(text)) {
      return Fail(Code::kInvalid, "unexpected argument \"" + std::string(text) + "\": " + program_ +
                                      " takes only flags, see --help");
    }
    Argument argument = TakeApart(text);
    const Flag* flag = Find(argument.name);
    if (flag == nullptr && argument.name.substr(0, 3) == "no-" && !argument.has_value) {
      flag = Find(argument.name.substr(3));
      if (flag != nullptr && flag->is_bool) {
        TELLTALE_TRY(flag->set("false"));
        continue;
      }
      flag = nullptr;
    }
    if (flag == nullptr) {
      return Fail(Code::kInvalid, "unknown flag " + std::string(text.substr(0, text.find('='))) +
                                      ": see " + program_ + " --help for the accepted ones");
    }
    if (!argument.has_value) {
      const std::string_view next = i + 1 < argc ? std::string_view(argv[i + 1]) : "";
      if (flag->is_bool) {
        // There are no positional arguments, so a lone true or false can only belong here.
        const bool spelled = next == "true" || next == "false";
        argument.value = spelled ? next : "true";
        i += spelled ? 1 : 0;
      } else if (i + 1 >= argc || next.substr(0, 2) == "--") {
        return Fail(Code::kInvalid, "flag --" + flag->name + " needs a value: --" + flag->name +
                                        "=" + flag->placeholder);
      } else {
        argument.value = next;
        ++i;
      }
    }
    TELLTALE_TRY(flag->set(argument.value));
  }
  return {};
}

std::string Flags::Help() const {
  std::vector<std::string> left;
  std::size_t width = 0;
  for (const Flag& flag : flags_) {
    left.push_back("--" + flag.name + (flag.placeholder.empty() ? "" : " " + flag.placeholder));
    width = std::max(width, left.back().size());
  }
  std::string out = program_ + ": " + summary_ + "\n\nUsage: " + program_ + " [flags]\n\n";
  for (std::size_t i = 0; i < flags_.size(); ++i) {
    const Flag& flag = flags_[i];
    out += "  " + left[i] + std::string(width - left[i].size() + 2, ' ') + flag.help;
    if (!flag.default_text.empty()) out += " (default " + flag.default_text + ")";
    if (flag.is_bool && !flag.default_text.empty()) out += "; --no-" + flag.name + " turns it off";
    out += '\n';
  }
  return out;
}

}  // namespace telltale
