// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/owner_accounts.h"

#include <algorithm>
#include <set>

namespace telltale {
namespace {

const LogOwner kSharedOwner{OwnerAccount::kOthers};

}  // namespace

void OwnerAccount::Read(const LineCount& lines, std::uint64_t cut_bytes, const Losses& left_out) {
  read += lines;
  pending += lines;
  pending.bytes -= cut_bytes;
  if (cut_bytes > 0) lost["line_too_long"].bytes += cut_bytes;
  for (const auto& [reason, count] : left_out) {
    dropped += count;
    pending -= count;
  }
}

void OwnerAccount::LostUnread(std::string_view reason, const LineCount& lines) {
  read += lines;
  lost[std::string(reason)] += lines;
}

void OwnerAccount::Answered(const LineCount& arrived, const Losses& refused) {
  acked += arrived;
  pending -= arrived;
  for (const auto& [reason, count] : refused) {
    lost[reason] += count;
    pending -= count;
  }
}

void OwnerAccount::StagesFailed(const std::vector<StageFailure>& failures) {
  for (const StageFailure& failure : failures) {
    if (failure.lines == 0) continue;
    stage_failures[{std::string(failure.stage), std::string(failure.reason)}] += failure.lines;
  }
}

std::vector<OwnerAccounts> OwnerBook::Assign(const std::vector<LogSource>& sources) {
  for (auto& [owner, account] : accounts_) account->wanted = false;
  for (const LogSource& source : sources) {
    for (const LogOwner& owner : source.owners) {
      if (const auto known = accounts_.find(owner); known != accounts_.end()) {
        known->second->wanted = true;
      }
    }
  }
  DropGone();
  std::set<LogOwner> sharing;
  std::vector<OwnerAccounts> assigned;
  for (const LogSource& source : sources) {
    OwnerAccounts& of_source = assigned.emplace_back();
    for (const LogOwner& owner : source.owners) {
      const bool own = accounts_.contains(owner) || MakeRoom();
      if (!own) sharing.insert(owner);
      const LogOwner& name = own ? owner : kSharedOwner;
      auto& account = accounts_[name];
      if (!account) account = std::make_shared<OwnerAccount>(OwnerAccount{.owner = name});
      account->wanted = true;
      if (std::ranges::find(of_source, account) == of_source.end()) of_source.push_back(account);
    }
  }
  sharing_ = sharing.size();
  return assigned;
}

// The shared account needs no room. An owner that is gone and has batches in flight leaves its
// place to one that is there.
bool OwnerBook::MakeRoom() {
  const std::size_t own = accounts_.size() - (accounts_.contains(kSharedOwner) ? 1 : 0);
  if (own < kMax) return true;
  const auto gone = std::ranges::find_if(accounts_, [](const auto& entry) {
    return !entry.second->wanted && entry.first != kSharedOwner;
  });
  if (gone == accounts_.end()) return false;
  accounts_.erase(gone);
  return true;
}

void OwnerBook::DropGone() {
  std::erase_if(accounts_, [](const auto& entry) {
    return !entry.second->wanted && entry.second->pending == LineCount{};
  });
}

}  // namespace telltale
