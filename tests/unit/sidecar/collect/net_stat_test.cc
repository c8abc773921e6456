// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/net_stat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

std::string Fixture(const std::string& name) {
  return *ReadFile(TELLTALE_SOURCE_DIR "/tests/unit/sidecar/collect/testdata/proc/self/net/" +
                   name);
}

TEST(ParseNetstat, NamesEachFieldByItsGroup) {
  const auto fields = ParseNetstat(Fixture("snmp"));
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(fields->at("Tcp_RetransSegs"), 61);
  EXPECT_EQ(fields->at("Tcp_MaxConn"), -1);
  EXPECT_EQ(fields->at("Udp_NoPorts"), 7);
  EXPECT_EQ(ParseNetstat(Fixture("netstat"))->at("TcpExt_ListenDrops"), 5);
  EXPECT_TRUE(ParseNetstat("").ok());
}

TEST(ParseNetstat, NamesTheLineThatItDoesNotUnderstand) {
  for (const char* bad : {"Tcp: A B\nTcp: 1", "Tcp: A\nUdp: 1", "Tcp: A\nTcp: x", "Tcp A\nTcp 1"}) {
    const auto fields = ParseNetstat(bad);
    ASSERT_FALSE(fields.ok()) << bad;
    EXPECT_THAT(fields.error().message, HasSubstr("netstat line 2"));
  }
}

TEST(TcpStateCounter, CountsTheSameHoweverTheTextIsCut) {
  const std::string text = Fixture("tcp");
  for (std::size_t size : {1ul, 7ul, 150ul, text.size()}) {
    TcpStateCounter counter;
    for (std::size_t at = 0; at < text.size(); at += size) {
      counter.Add(std::string_view(text).substr(at, size));
    }
    counter.End();
    EXPECT_EQ(counter.states()[1], 2u) << size;
    EXPECT_EQ(counter.states()[6], 1u) << size;
    EXPECT_EQ(counter.states()[10], 3u) << size;
  }
  EXPECT_EQ(TcpStateName(10), "listen");
  EXPECT_EQ(TcpStateName(0), "");
  EXPECT_EQ(TcpStateName(99), "");
}

TEST(TcpStateCounter, WhatIsNoLineCountsNothing) {
  TcpStateCounter counter;
  counter.Add("a: b c XX\n1: 2 3 FF\n1: 2 3 0\n1: 2\n\n" + std::string(100'000, 'x'));
  counter.Add(" 1: 2 3 01 4");
  counter.End();
  for (const std::uint64_t count : counter.states()) EXPECT_EQ(count, 0u);
}

}  // namespace
}  // namespace telltale
