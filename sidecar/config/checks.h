// SPDX-License-Identifier: Apache-2.0
//
// Decoding of the values that several parts of the configuration have: paths, URLs, tenants. Used
// inside sidecar/config only.
#pragma once

#include <string>

#include "sidecar/config/decoder.h"

namespace telltale {

// Each is a problem unless it is what its name says; a value of another type is one already.
void CheckAbsolutePath(Decoder& decoder, const YamlNode& node, const std::string& path,
                       const std::string& value);
void CheckUrl(Decoder& decoder, const YamlNode& node, const std::string& path,
              const std::string& value);

void DecodePath(Decoder& decoder, const YamlNode& node, const std::string& path, std::string& out);
// Text that becomes a header line; empty is none.
void DecodeHeaderText(Decoder& decoder, const YamlNode& node, const std::string& path,
                      std::string& out);
void DecodeTenant(Decoder& decoder, const YamlNode& node, const std::string& path,
                  std::string& out);

}  // namespace telltale
