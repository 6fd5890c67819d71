#!/usr/bin/env bash
#
# Runs the test suite with Windows' Deno under Wine 10, on a Linux machine.
#
#   tools/windows_suite.sh                     the suite, and the echo server
#                                              under load from Linux
#   tools/windows_suite.sh test -A tests/x.ts  any other `deno` command
#   tools/windows_suite.sh --prepare           only makes what a run needs
#
# Arguments are deno's own; paths are relative to the project, which is mounted
# read-only. Wine 8 (Debian 12) cannot start Deno, so Wine 10 is taken from
# Debian 13 and lives in a chroot, made once in a cache folder:
#
#   ${EDO_WINE_CACHE:-${XDG_CACHE_HOME:-~/.cache}/edo-wine}
#     root/          Debian 13 with Wine, and a Wine prefix
#     deno/VERSION/  Windows' Deno, from npm
#
# Everything is mounted in a mount namespace of its own, and runs in a process
# namespace of its own: both end with the run, whatever happens to it. Nothing is
# ever mounted where another program could see it.
#
# It needs root, `unshare`, `setpriv`, `flock`, npm, and an apt that knows a Debian
# mirror; EDO_DEBIAN_MIRROR=URL names one where apt does not. Linux's Deno fills the
# cache of the tests' dependencies, so that nothing inside needs the network.
#
# Exit code: deno's own, or
#    75  Windows could not be tested here, with the reason on stderr
#   124  it took longer than EDO_WINE_TIMEOUT seconds (default 1800)
set -euo pipefail

readonly SUITE=trixie
# To be raised when the chroot must be made anew.
readonly LAYOUT=1
# Newer ones are not taken: they were not tested with it.
readonly NEWEST_DENO=2.9.6
readonly NOT_TESTED=75
readonly LIMIT=${EDO_WINE_TIMEOUT:-1800}

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${EDO_WINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edo-wine}

not_tested() {
  {
    echo "****************************************************************"
    echo "*** Windows was NOT tested: $*"
    echo "****************************************************************"
  } >&2
  exit "$NOT_TESTED"
}

say() { echo "windows_suite: $*" >&2; }

# The program that was started last and has not ended.
child=

# Starts a program in namespaces of its own, as `child`. `unshare` dies with this
# script, PID 1 of the process namespace dies with `unshare`, and the kernel then
# kills every process in it.
isolate() {
  set -m # a process group for it, to be killed as one
  setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --kill-child --propagation private "$@" <&0 &
  child=$!
  set +m
}

# Waits for `child`; returns its exit code.
wait_child() {
  local status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

kill_child() {
  [ -z "$child" ] || kill -KILL -- "-$child" 2>/dev/null || true
}

trap 'kill_child; exit 130' INT TERM HUP

# Removes a folder that no namespace uses any more. A mount below it would mean
# that something is very wrong; then it is left alone.
remove_tree() {
  [ -e "$1" ] || return 0
  if grep -qF " $(realpath "$1")/" /proc/self/mountinfo; then
    not_tested "something is mounted below $1"
  fi
  rm -rf --one-file-system -- "$1"
}

check_tools() {
  [ "$(uname -sm)" = "Linux x86_64" ] || not_tested "this is $(uname -sm)"
  [ "$(id -u)" = 0 ] || not_tested "a chroot needs root"
  local tool
  for tool in unshare setpriv flock npm deno chroot mount; do
    command -v "$tool" >/dev/null || not_tested "$tool is missing"
  done
  isolate true 2>/dev/null
  wait_child || not_tested "no namespaces can be made"
}

# The machine's own mirror of Debian: whatever the format of its sources, apt
# tells it.
debian_mirror() {
  if [ -n "${EDO_DEBIAN_MIRROR:-}" ]; then
    echo "$EDO_DEBIAN_MIRROR"
    return
  fi
  command -v apt-get >/dev/null || return 0
  # Origin and label are known once the lists were fetched, else the address only.
  # shellcheck disable=SC2016  # apt expands the names, not the shell
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
    'Created-By: Packages' 2>/dev/null |
    sed -nE 's/^(Debian\|Debian\||\|\|(.*\/debian\/?$))/\2/p' | head -n 1
}

# Puts `debootstrap` on the path: the machine's, or one that is only unpacked.
# Its suites are links to one script, so one from before Debian 13 does as well.
find_debootstrap() {
  local work=$1
  if ! command -v debootstrap >/dev/null; then
    (cd "$work" && apt-get download debootstrap >/dev/null 2>&1) ||
      not_tested "debootstrap is missing, and apt cannot download it"
    dpkg-deb -x "$work"/debootstrap_*.deb "$work/debootstrap"
    export DEBOOTSTRAP_DIR=$work/debootstrap/usr/share/debootstrap
    PATH=$work/debootstrap/usr/sbin:$PATH
  fi
}

# Debian 13 with Wine, and a Wine prefix that is ready to use.
make_root() {
  local root=$cache/root stamp="$SUITE $LAYOUT" making=$cache/making
  if [ "$(cat "$root/.complete" 2>/dev/null)" = "$stamp" ]; then return; fi
  remove_tree "$making"
  mkdir -p "$making/root"
  local mirror proxy
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || not_tested "apt names no mirror of Debian (see EDO_DEBIAN_MIRROR)"
  find_debootstrap "$making"
  # debootstrap downloads with wget, which does not read apt's configuration.
  if [ -z "${http_proxy:-}" ] && command -v apt-config >/dev/null; then
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    if [ -n "${proxy:-}" ]; then export http_proxy=$proxy; fi
  fi
  say "making a chroot with Wine from $mirror, which takes some minutes"
  isolate debootstrap --variant=minbase --include=wine,wine64 "$SUITE" \
    "$making/root" "$mirror" >"$cache/debootstrap.log" 2>&1
  wait_child ||
    not_tested "debootstrap failed: $(tail -n 3 "$cache/debootstrap.log")"
  rm -rf --one-file-system "$making"/root/var/cache/apt/archives/*.deb \
    "$making/root/var/lib/apt/lists"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$making/root/etc/hosts"
  say "making a Wine prefix"
  start_in_root "$making/root" 300 wineboot --init >"$cache/wineboot.log" 2>&1
  wait_child || not_tested "wineboot failed: $(tail -n 3 "$cache/wineboot.log")"
  echo "$stamp" >"$making/root/.complete"
  remove_tree "$root"
  mv "$making/root" "$root"
  remove_tree "$making"
}

# Windows' Deno: the newest on npm up to NEWEST_DENO. Sets `deno_folder`.
find_deno() {
  local version making=$cache/making-deno
  version=$(npm view @deno/win32-x64 versions --json 2>/dev/null |
    grep -oE '[0-9]+\.[0-9]+\.[0-9]+' |
    { cat; echo "$NEWEST_DENO.limit"; } | sort -V |
    sed -n "/^$NEWEST_DENO.limit\$/q; p" | tail -n 1)
  # Without the registry, the newest that is here already.
  [ -n "$version" ] || version=$(find "$cache/deno" -mindepth 1 -maxdepth 1 \
    -printf '%f\n' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$version" ] || not_tested "npm has no @deno/win32-x64"
  deno_folder=$cache/deno/$version
  if [ -f "$deno_folder/deno.exe" ]; then return; fi
  say "fetching Deno $version for Windows"
  remove_tree "$making"
  mkdir -p "$making" "$cache/deno"
  (cd "$making" && npm pack --silent "@deno/win32-x64@$version" >/dev/null) ||
    not_tested "npm cannot fetch @deno/win32-x64@$version"
  tar -xzf "$making"/*.tgz -C "$making"
  mv "$making/package" "$deno_folder"
  remove_tree "$making"
}

# start_in_root ROOT SECONDS COMMAND...: starts a program of the chroot, as `child`.
# MOUNTS has lines of FLAGS|FROM|TO: what of this machine it sees besides.
start_in_root() {
  local root=$1 limit=$2
  shift 2
  isolate bash -s "$root" "$limit" "$MOUNTS" "$@" 3<&0 <<'INSIDE'
set -euo pipefail
root=$1 limit=$2 mounts=$3
shift 3
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
# Only the devices that are needed, file by file.
mount -t tmpfs tmpfs "$root/dev"
for device in null zero full random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
while IFS='|' read -r flags from to; do
  [ -n "$flags" ] || continue
  mkdir -p "$root$to"
  mount --bind "$from" "$root$to"
  mount -o "remount,bind,$flags" "$root$to"
done <<<"$mounts"
# As PID 1 it may leave children behind: they are killed when it ends.
exec timeout --kill-after=5 "$limit" env -i \
  HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 NO_COLOR=1 \
  WINEDEBUG="${EDO_WINEDEBUG:--all}" WINEDLLOVERRIDES='mscoree,mshtml=' \
  TEMP='Z:\tmp' TMP='Z:\tmp' \
  chroot "$root" "$@" <&3 3<&-
INSIDE
}

# Fetches what the tests depend on into the cache that Windows' Deno will use: a
# cache is the same on every system. Sets `std`: where it comes from.
fetch_dependencies() {
  local flags
  flags=$(cd "$project" && deno run -A tools/std_source.ts)
  std=$([ -z "$flags" ] && echo jsr || echo npm)
  # The flags are one on each line; a path may have blanks.
  mapfile -t flags < <(printf '%s' "$flags")
  (cd "$project" && DENO_DIR=$cache/deno_dir NPM_CONFIG_REGISTRY=$registry \
    find tools tests -name '*.ts' -exec \
    deno cache --quiet "${flags[@]}" {} +) >&2 || {
    # Linux' Deno would not get further either: it is no matter of Windows.
    say "the tests, or what they depend on, cannot be loaded"
    exit 1
  }
}

# start_deno ARGUMENTS...: starts Windows' Deno in the project's folder, as `child`.
start_deno() {
  MOUNTS="ro|$project|/edo
ro|$deno_folder|/deno
rw|$cache/deno_dir|/deno_dir"
  start_in_root "$cache/root" "$LIMIT" env -C /edo \
    DENO_DIR='Z:\deno_dir' DENO_NO_UPDATE_CHECK=1 \
    NPM_CONFIG_REGISTRY="$registry" EDO_STD="$std" \
    wine 'Z:\deno\deno.exe' "$@"
}

# Waits for what `start_deno` started, and returns its exit code.
wait_deno() {
  local status=0
  wait_child || status=$?
  if [ "$status" = 124 ]; then say "ended after $LIMIT seconds"; fi
  return "$status"
}

# The echo server under Wine, its clients on Linux.
load_echo_server() {
  local log=$cache/echo_server.log status=0 port control
  say "the echo server under load"
  start_deno run -A --no-check tests/windows/echo_server.ts \
    </dev/null >"$log" 2>&1
  until read -r port control < <(sed -n 's/^listening on //p' "$log") &&
    [ -n "$control" ]; do
    kill -0 "$child" 2>/dev/null || break
    sleep 0.2
  done
  if [ -n "${control:-}" ]; then
    # Not in the foreground: a signal has to get through.
    (cd "$project" && exec timeout 400 deno run -A --no-check \
      tests/windows/echo_load.ts "$port" "$control") &
    wait "$!" || status=$?
  fi
  # It ends when it is told to; otherwise something has gone wrong already.
  if [ "$status" != 0 ]; then kill_child; fi
  wait_deno || status=$?
  grep -v '^client timed out' "$log" || true
  return "$status"
}

MOUNTS=""
check_tools
mkdir -p "$cache/deno_dir"
# One run at a time: they share the Wine prefix.
exec 9>"$cache/lock"
flock 9
make_root
find_deno
registry=$(npm config get registry 2>/dev/null)
fetch_dependencies
if [ "${1:-}" = --prepare ]; then exit 0; fi
if [ $# -gt 0 ]; then
  start_deno "$@"
  wait_deno
  exit
fi
# How many tests there are on Linux. None is run: no name is empty.
count_tests() {
  local flags=(--no-check --filter '/^$/')
  (cd "$project" && NO_COLOR=1 deno run -A tools/test.ts "${flags[@]}") |
    sed -nE 's/^(ok|FAILED) \| 0 passed.* ([0-9]+) filtered out.*/\2/p'
}

status=0
load_echo_server || status=$?
# Types are Linux's business: they are the same.
# Two processes at a time: a test spends most of its time waiting for Wine. What
# fails is tried twice more, and told: now and then a thread of Wine's gets no
# processor for longer than any deadline.
start_deno run -A tools/windows_tests.ts --no-check --processes=2 --retry=2 \
  "--as-many-as=$(count_tests)"
wait_deno || status=$?
exit "$status"
