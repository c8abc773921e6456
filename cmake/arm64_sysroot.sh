#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Unpacks the arm64 packages that the C++ build needs into a folder, and prints it. Nothing of this
# machine changes: apt keeps its lists and downloads below $TELLTALE_CACHE.
# Usage: arm64_sysroot.sh; the folder's name holds a hash of this script, and so of the list.
set -euo pipefail

packages=(
  libc6-dev libstdc++-12-dev libgcc-12-dev linux-libc-dev
  libboost1.74-dev libssl-dev libyaml-cpp-dev libsnappy-dev zlib1g-dev libre2-dev libprotozero-dev
  libsimdjson-dev prometheus-cpp-dev libgtest-dev libgmock-dev googletest
)
cache=${TELLTALE_CACHE:-$HOME/.cache/telltale}
key=$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-12)
sysroot=$cache/sysroot-arm64-$key
if [ -d "$sysroot" ]; then
  echo "$sysroot"
  exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/telltale-arm64.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root" "$cache"
: >"$work/status"
apt=(apt-get -q -oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oDir::State::Lists="$work/lists"
     -oDir::State::Status="$work/status" -oDir::Cache="$work" -oDir::Cache::Archives="$work/archives"
     -oAPT::Sandbox::User=root -oAPT::Install-Recommends=false -oDebug::NoLocking=1)
{
  "${apt[@]}" update
  # With an empty status file, the closure of dependencies is downloaded.
  "${apt[@]}" -y --download-only install "${packages[@]}"
} >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
for package in "$work"/archives/*.deb; do
  dpkg-deb -x "$package" "$work/root"
done
# Absolute links lead out of the sysroot.
find "$work/root" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
  ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$work/root$target")" "$link"
done
# So do absolute paths in CMake's package files.
# shellcheck disable=SC2016  # CMake expands it
find "$work/root/usr/lib/aarch64-linux-gnu/cmake" -name '*.cmake' -print0 |
  xargs -0 sed -i -E 's,(^|[" ;])/usr/(lib|include),\1${CMAKE_SYSROOT}/usr/\2,g'
mv "$work/root" "$sysroot"
echo "$sysroot"
