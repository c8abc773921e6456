// SPDX-License-Identifier: Apache-2.0
//
// Decoders of values that several parts of the configuration have: paths, URLs, patterns, tenants.
// Used inside sidecar/config only.
#pragma once

#include <string>

#include "sidecar/config/decoder.h"

namespace telltale {

// A problem unless the value is what the name says. A value of another type is a problem already,
// so nothing is added.
void CheckAbsolutePath(Decoder& decoder, const YamlNode& node, const std::string& path,
                       const std::string& value);
void CheckUrl(Decoder& decoder, const YamlNode& node, const std::string& path,
              const std::string& value);

void CheckPattern(Decoder& decoder, const YamlNode& node, const std::string& path,
                  const std::string& value);

void DecodePath(Decoder& decoder, const YamlNode& node, const std::string& path, std::string& out);
// The same, and a warning if nothing can be read there now.
void DecodeReadablePath(Decoder& decoder, const YamlNode& node, const std::string& path,
                        std::string& out);
// Text that becomes a header line; an empty one is not sent.
void DecodeHeaderText(Decoder& decoder, const YamlNode& node, const std::string& path,
                      std::string& out);
void DecodeTenant(Decoder& decoder, const YamlNode& node, const std::string& path,
                  std::string& out);

}  // namespace telltale
