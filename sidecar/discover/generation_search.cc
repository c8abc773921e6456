// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/generation_search.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace telltale {
namespace {

// So long may pass between a copy and the truncation; the last scan may have been between them.
constexpr std::int64_t kBetween = 2'000'000'000;

std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Device numbers change with a reboot; the content, which is compared, too, makes up for it.
bool SameFile(const FileIdentity& a, const FileIdentity& b) {
  if (a.inode != b.inode || a.birth != b.birth) return false;
  return a.device == b.device || a.birth != 0;
}

class Finder {
 public:
  Finder(const GenerationSearch& search, FunctionRef<bool(std::size_t, const Checkpoint&)> matches)
      : search_(search),
        matches_(matches),
        owner_(search.files.size()),
        found_(search.known.size()) {}

  GenerationsFound Run() {
    ByIdentity();
    ByContent();
    ByBirth();
    GenerationsFound out;
    for (std::size_t i = 0; i < owner_.size(); ++i) {
      if (owner_[i]) out.known.emplace_back(i, *owner_[i]);
    }
    if (!search_.present_known || copied_) out.unseen = Unseen();
    return out;
  }

 private:
  void Take(std::size_t file, std::size_t known) {
    owner_[file] = known;
    found_[known] = true;
  }

  // Younger ones first: an inode that was used again belongs to the last that had it.
  void ByIdentity() {
    for (std::size_t k = search_.known.size(); k-- > 0;) {
      const KnownGeneration& known = search_.known[k];
      for (std::size_t i = 0; i < owner_.size() && !found_[k]; ++i) {
        if (!owner_[i] && SameFile(search_.files[i].info.id, known.id) &&
            matches_(i, known.checkpoint)) {
          Take(i, k);
        }
      }
    }
  }

  // Copies and compressed files. Generations that begin alike are told apart by what is before
  // the place reached; of several that match the oldest file goes to the oldest generation.
  void ByContent() {
    for (std::size_t k = 0; k < search_.known.size(); ++k) {
      const KnownGeneration& known = search_.known[k];
      if (found_[k] || known.checkpoint.offset == 0) continue;
      for (std::size_t i = 0; i < owner_.size() && !found_[k]; ++i) {
        if (owner_[i] || !MayBe(known, search_.files[i])) continue;
        if (matches_(i, known.checkpoint)) Take(i, k);
      }
    }
  }

  // The file under the path was empty when it was last looked at, so it has no content to be known
  // by: whether that was copied and truncated since, only the copies tell.
  void ByBirth() {
    std::size_t k = search_.known.size();
    while (k > 0 && search_.known[k - 1].path != search_.path) --k;
    if (!search_.present_known || k-- == 0 || found_[k]) return;
    const KnownGeneration& known = search_.known[k];
    if (known.open || known.checkpoint.offset > 0) return;
    for (std::size_t i = 0; i < owner_.size() && !copied_; ++i) {
      const FileInfo& info = search_.files[i].info;
      const std::int64_t made = std::min(info.id.birth, info.modified);
      copied_ = !owner_[i] && !search_.files[i].own && info.size > 0 &&
                made > search_.last_scan - kBetween;
      if (copied_) Take(i, k);
    }
  }

  static bool MayBe(const KnownGeneration& known, const RotatedFile& file) {
    bool compressed = file.name.ends_with(".gz");
    // A few first words may be those of another application, too.
    if (file.own && known.checkpoint.offset < Checkpoint::kTailBytes) return false;
    return IsGenerationOf(NameOf(known.path), file.name) &&
           (compressed || file.info.size >= known.checkpoint.offset);
  }

  std::vector<std::size_t> Unseen() const {
    std::vector<std::size_t> out;
    const KnownGeneration* last = nullptr;
    for (const KnownGeneration& known : search_.known) {
      if (known.path == search_.path) last = &known;
    }
    if (last == nullptr) return out;
    std::optional<std::size_t> youngest;
    for (std::size_t i = 0; i < owner_.size(); ++i) {
      if (owner_[i] && search_.known[*owner_[i]].path == search_.path) youngest = i;
    }
    for (std::size_t i = 0; i < owner_.size(); ++i) {
      const RotatedFile& file = search_.files[i];
      if (owner_[i] || file.own) continue;
      const bool younger = youngest && i > *youngest;
      // Names may not sort by age, so the order is not all that counts. A compressed file may have
      // been made lately of something old.
      const bool trusted = search_.last_scan != 0 && !file.name.ends_with(".gz");
      const bool written = MadeAfter(*last, file) && (!youngest || trusted);
      if (younger || written || file.appeared) out.push_back(i);
    }
    return out;
  }

  bool MadeAfter(const KnownGeneration& last, const RotatedFile& file) const {
    if (file.info.modified <= search_.last_scan) return false;
    bool births = file.info.id.birth != 0 && last.id.birth != 0;
    return !births || file.info.id.birth >= last.id.birth;
  }

  const GenerationSearch& search_;
  FunctionRef<bool(std::size_t, const Checkpoint&)> matches_;
  std::vector<std::optional<std::size_t>> owner_;  // of each file
  std::vector<bool> found_;                        // of each known generation
  bool copied_ = false;  // what `path` leads to is a younger one than the known one
};

}  // namespace

GenerationsFound FindGenerations(const GenerationSearch& search,
                                 FunctionRef<bool(std::size_t, const Checkpoint&)> matches) {
  return Finder(search, matches).Run();
}

}  // namespace telltale
