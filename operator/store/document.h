// SPDX-License-Identifier: Apache-2.0
//
// Document: the discovery document as it is served: a JSON array whose elements were rendered pod
// by pod and lie in pages that one version shares with the next, so that a change costs what
// changed. Made by the publisher, read by the HTTP server. Immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/http/body_pieces.h"
#include "operator/store/shared_text.h"

namespace telltale {

// What one pod gives under one target: elements of the array, each with a comma before it. Its
// number() is how many they are, at least 1. Null: none.
using FragmentRef = TextRef;

struct DocumentPage {
  explicit DocumentPage(std::vector<FragmentRef> fragments);

  const std::vector<FragmentRef> fragments;
  std::size_t bytes = 0;
  std::size_t targets = 0;
};

class Document final : public BodyPieces {
 public:
  explicit Document(std::vector<std::shared_ptr<const DocumentPage>> pages);

  std::size_t size() const override { return size_; }
  std::size_t Next(Cursor& at, std::span<std::string_view> out) const override;

  // How many scrape targets it lists.
  std::size_t targets() const { return targets_; }
  const std::vector<std::shared_ptr<const DocumentPage>>& pages() const { return pages_; }
  // One string of it all: for tests and tools.
  std::string Text() const;

 private:
  const std::vector<std::shared_ptr<const DocumentPage>> pages_;
  std::size_t size_ = 2;  // the brackets
  std::size_t targets_ = 0;
  Cursor first_;  // the fragment whose comma is left out; page 0: there is none
};

}  // namespace telltale
