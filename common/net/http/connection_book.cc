// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/connection_book.h"

#include <tuple>
#include <utility>

namespace telltale {

bool ConnectionBook::CanGo(Connection& connection, SteadyTime now) const {
  switch (connection.state()) {
    case Connection::State::kResting:
      return !connection.HasUnread();
    case Connection::State::kHeader:
      return now - connection.since() >= limits_.slow_header && !connection.HasUnread();
    case Connection::State::kBody:
    case Connection::State::kAnswer:
      return now - connection.since() >= limits_.slow_peer;
  }
  return false;
}

void ConnectionBook::Remove(Connection* connection) {
  if (open_.contains(connection)) Leave(connection);
  if (!std::exchange(connection->leaving_, false)) return;
  --leaving_;
  const auto of_peer = by_peer_.find(connection->peer());
  if (--of_peer->second == 0) by_peer_.erase(of_peer);
}

void ConnectionBook::Leave(Connection* connection) {
  open_.erase(connection);
  input_ -= std::exchange(connection->input_, 0);
  output_ -= std::exchange(connection->output_, 0);
  connection->leaving_ = true;
  ++leaving_;
}

Connection* ConnectionBook::Evict(SteadyTime now, const std::string& peer) {
  const int has = OpenOf(peer);
  const auto order = [this](const Connection* connection) {
    return std::tuple(-OpenOf(connection->peer()), connection->state(), connection->since());
  };
  Connection* chosen = nullptr;
  for (Connection* connection : open_) {
    if (connection->peer() != peer && OpenOf(connection->peer()) <= has) continue;
    if (!CanGo(*connection, now)) continue;
    if (chosen == nullptr || order(connection) < order(chosen)) chosen = connection;
  }
  if (chosen != nullptr) Leave(chosen);
  return chosen;
}

Connection* ConnectionBook::Longest(const Connection* current, std::size_t Connection::* holds) {
  Connection* chosen = nullptr;
  for (Connection* connection : open_) {
    if (connection == current || connection->*holds == 0) continue;
    if (chosen == nullptr || connection->since() < chosen->since()) chosen = connection;
  }
  if (chosen != nullptr) Leave(chosen);
  return chosen;
}

Connection* ConnectionBook::OverInput(const Connection* current) {
  return input_ <= limits_.max_input ? nullptr : Longest(current, &Connection::input_);
}

Connection* ConnectionBook::OverOutput(const Connection* current) {
  if (limits_.max_output == 0 || output_ <= limits_.max_output) return nullptr;
  return Longest(current, &Connection::output_);
}

}  // namespace telltale
