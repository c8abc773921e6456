// SPDX-License-Identifier: Apache-2.0
//
// Socket options that make the kernel notice a peer that disappeared without closing the connection
// (a node without power, a firewall that forgot the connection). The deadlines of calls cover only
// requests in flight; these options also cover an idle connection. Used by HttpClient. Thread-safe.
#pragma once

namespace telltale {

// Within a minute, whether the connection is quiet (keepalive: 30 s and three probes of 10 s) or
// has sent something that is not acknowledged (30 s).
void NoticeDeadPeer(int socket);

}  // namespace telltale
