#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that lists name and this machine lacks. Usage: install.sh LIST...
set -euo pipefail

mapfile -t wanted < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@" | sort -u)
missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "these packages are missing and only root can install them: ${missing[*]}" >&2
  exit 1
fi
echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
log=$(mktemp)
if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
       apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "the packages could not be installed; the whole log is $log" >&2
  exit 1
fi
rm -f "$log"
# What to take off the machine again: `make demo-down` says how.
kept=${TELLTALE_CACHE:-$HOME/.cache/telltale}
mkdir -p "$kept"
printf '%s\n' "${missing[@]}" >>"$kept/packages-installed"
