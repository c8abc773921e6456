// SPDX-License-Identifier: Apache-2.0
#include "operator/store/document.h"

#include <gtest/gtest.h>

#include <array>

namespace telltale {
namespace {

std::shared_ptr<const DocumentPage> Page(const std::vector<std::string>& texts) {
  std::vector<FragmentRef> fragments;
  for (const auto& text : texts) {
    fragments.push_back(text.empty() ? FragmentRef() : SharedText::Make(text, 1));
  }
  return std::make_shared<const DocumentPage>(std::move(fragments));
}

// Read as the server does, with room for so many pieces at a time.
std::string ReadBy(const Document& document, std::size_t room) {
  std::array<std::string_view, 16> pieces;
  BodyPieces::Cursor at;
  std::string text;
  while (const std::size_t count = document.Next(at, std::span(pieces).first(room))) {
    for (std::size_t i = 0; i < count; ++i) text += pieces[i];
  }
  EXPECT_EQ(document.Next(at, pieces), 0u);
  return text;
}

TEST(Document, IsOneArrayHoweverItIsRead) {
  const Document document({Page({"", ",1"}), Page({",2", "", ",3"}), Page({}), Page({",4"})});
  for (const std::size_t room : {1u, 2u, 3u, 16u}) EXPECT_EQ(ReadBy(document, room), "[1,2,3,4]");
  EXPECT_EQ(document.size(), 9u);
  EXPECT_EQ(document.targets(), 4u);
}

TEST(Document, TheFirstElementHasNoCommaWhereverItStands) {
  EXPECT_EQ(Document({Page({",1", ",2"})}).Text(), "[1,2]");
  EXPECT_EQ(Document({Page({""}), Page({"", "", ",1"}), Page({",2"})}).Text(), "[1,2]");
}

TEST(Document, OfNothingIsAnEmptyArray) {
  EXPECT_EQ(Document({}).Text(), "[]");
  EXPECT_EQ(Document({Page({""}), Page({})}).Text(), "[]");
  EXPECT_EQ(Document({Page({""})}).size(), 2u);
}

}  // namespace
}  // namespace telltale
