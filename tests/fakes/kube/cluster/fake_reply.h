// SPDX-License-Identifier: Apache-2.0
//
// What FakeCluster answers: a body at once, or a stream that is pulled piece by piece (a list,
// which can be long, and a watch, which has no end of its own). Used by FakeApiServer and by
// transports of tests that need no sockets. A FakeBody is pulled by one thread at a time.
#pragma once

#include <memory>
#include <string>

namespace telltale {

// Who asks, as the request's headers say it.
struct FakeCaller {
  std::string token = {};       // of "Authorization: Bearer"
  std::string user_agent = {};  // also the default field manager, up to the first '/'
};

class FakeBody {
 public:
  enum class State {
    kMore,  // a piece was appended
    kWait,  // nothing now; ask again after FakeCluster's listener was called or time has passed
    kEnd,   // nothing more will come: the body ends in good order
  };
  virtual ~FakeBody() = default;
  // Appends one piece: a watch event with its newline, or some items of a list.
  virtual State Next(std::string& out) = 0;
};

struct FakeReply {
  int status = 200;
  std::string body = {};  // when there is no stream
  int retry_after_seconds = 0;
  std::unique_ptr<FakeBody> stream = {};
  bool watch = false;  // the stream is a watch
};

}  // namespace telltale
