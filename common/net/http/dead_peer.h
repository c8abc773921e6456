// SPDX-License-Identifier: Apache-2.0
//
// Socket options by which the kernel notices a peer that vanished without a word (a node that lost
// its power, a firewall that forgot the connection), also while nobody waits for an answer: the
// deadlines of calls see only requests under way. Used by HttpClient. Thread-safe.
#pragma once

namespace telltale {

// Within a minute, whether the connection is quiet (keepalive: 30 s and three probes of 10 s) or
// has sent something that is not acknowledged (30 s).
void NoticeDeadPeer(int socket);

}  // namespace telltale
