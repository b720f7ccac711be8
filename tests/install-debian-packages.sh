#!/usr/bin/env bash
# Install the Debian packages that some tests use, as far as they are missing and may be installed.
#
# SLURM and munge for tests/slurm, bubblewrap for the sandbox of generated programs, Chromium with
# a font for tests/browser, faketime for tests/faults. Always exits 0: where a package cannot be
# installed, the reason is printed and the tests that need it are skipped.
set -u

wanted=(munge slurmctld slurmd slurm-client bubblewrap chromium fonts-dejavu-core faketime)

refuse() {
    echo "Debian packages not installed: $1."
    echo "The tests that need them will be skipped: ${missing[*]}"
    exit 0
}

missing=("${wanted[@]}")
command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || refuse "this is no Debian"
missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" != 0 ]; then
    root=(sudo -n)
    "${root[@]}" true 2>/dev/null || refuse "neither root nor sudo without a password"
fi

# No package may start a daemon: 101 is "forbidden by policy" to the packages' install scripts.
policy=/usr/sbin/policy-rc.d
guard=
remove_guard() { [ -z "$guard" ] || "${root[@]}" rm -f "$policy"; }
trap remove_guard EXIT
if [ ! -e "$policy" ]; then
    guard=made
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null &&
        "${root[@]}" chmod 755 "$policy" || refuse "$policy cannot be written"
fi

echo "Installing Debian packages: ${missing[*]} ..."
log=$(mktemp)
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
if "${apt[@]}" update >"$log" 2>&1 </dev/null &&
    "${apt[@]}" install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    rm -f "$log"
else
    tail -n 15 "$log"
    rm -f "$log"
    refuse "apt-get failed (above)"
fi
