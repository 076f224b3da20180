#!/usr/bin/env bash
# packaging/deb.sh BINARY FOLDER    makes the Debian package of a program that was built already, in a folder.
# packaging/deb.sh check BINARY     makes it twice, and holds it to: same bytes, lintian without errors and warnings, installed and removed and purged in
#                                   a root of its own with the configuration and the data kept.
#
# Needs cargo-deb (cargo install cargo-deb --locked), dpkg-dev and binutils; check also lintian, man and systemd-analyze. BINARY: cargo build --profile dist -p holdfast
# --no-default-features --locked
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
: "${SOURCE_DATE_EPOCH:=$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 0)}"
export SOURCE_DATE_EPOCH

fail() { echo "deb: $*" >&2; exit 1; }

make() {
  local binary=$1 folder=$2 work
  work=$(mktemp -d)
  mkdir -p "$work/release"
  strip --strip-all -o "$work/release/holdfast" "$binary"
  # cargo-deb takes the program from the build's folder, as if it had just been built.
  (cd "$here" && CARGO_TARGET_DIR=$work cargo deb --quiet -p holdfast --no-build --no-strip --compress-type gz --compress-system --locked --offline --output "$folder" >/dev/null)
  rm -rf "$work"
}

check() {
  local binary=$1 package root said
  checked=$(mktemp -d)
  trap 'rm -rf "$checked"' EXIT
  mkdir "$checked/a" "$checked/b"
  make "$binary" "$checked/a"
  make "$binary" "$checked/b"
  package=$(echo "$checked"/a/*.deb)
  cmp "$package" "$checked/b/$(basename "$package")" || fail "two packages of the same program differ"
  said=$(lintian --allow-root --fail-on error,warning "$package" 2>&1) || fail "lintian: $said"
  # The manual names every command of the program.
  diff <("$binary" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]\{1,\}\) .*/\1/p' | grep -vx 'help\|demo') \
    <(sed -n '/^.SH COMMANDS/,/^.SH OPTIONS/s/^\.B //p' "$here/packaging/holdfast.1") || fail "packaging/holdfast.1 names other commands than the program"
  said=$(man --warnings -l "$here/packaging/holdfast.1" 2>&1 >/dev/null)
  [ -z "$said" ] || fail "the manual: $said"
  root=$checked/root
  dpkg-deb --extract "$package" "$root"
  # Units are verified where they lie, with the program that they start.
  said=$(systemd-analyze verify --root="$root" --man=no --recursive-errors=no holdfast.service holdfast.socket holdfast-metrics.socket 2>&1) ||
    fail "systemd-analyze: $said"
  ! grep -v 'Unit .* not found\|sysinit.target\|^$' <<<"$said" || fail "systemd-analyze: $said"
  install_and_purge "$package"
  echo "deb: $(stat -c %s "$package") bytes, the same twice, sha256:$(sha256sum <"$package" | cut -d' ' -f1)"
}

# dpkg with a database and files of its own; its scripts run on this machine, with `systemd-sysusers` and owners replaced by what they were asked.
install_and_purge() {
  local package=$1 root=$checked/installed bin=$checked/bin asked=$checked/asked
  mkdir -p "$root/var/lib/dpkg"/{info,updates,triggers} "$bin" "$checked/log"
  : >"$root/var/lib/dpkg/status"
  dpkg_in() { dpkg --root="$root" --force-depends --force-script-chrootless --force-not-root --log="$checked/log/dpkg" "$@" >>"$checked/log/out" 2>&1; }
  for name in systemd-sysusers install deb-systemd-helper deb-systemd-invoke systemctl; do
    printf '#!/bin/sh\necho "%s $*" >>"%s"\n' "$name" "$asked" >"$bin/$name"
    chmod 755 "$bin/$name"
  done
  PATH=$bin:$PATH
  dpkg_in --install "$package" || fail "dpkg --install: $(cat "$checked/log/out")"
  grep -qx 'systemd-sysusers holdfast.conf' "$asked" || fail "the package asks for no user: $(cat "$asked")"
  echo 'HOLDFAST_SITE=https://mine.example' >>"$root/etc/holdfast/holdfast.env"
  dpkg_in --install "$package" || fail "an upgrade: $(cat "$checked/log/out")"
  grep -q mine.example "$root/etc/holdfast/holdfast.env" || fail "an upgrade replaces the configuration"
  mkdir -p "$root/var/lib/holdfast"
  echo kept >"$root/var/lib/holdfast/desk.key"
  dpkg_in --remove holdfast || fail "dpkg --remove: $(cat "$checked/log/out")"
  [ -e "$root/etc/holdfast/holdfast.env" ] || fail "removal takes the configuration away"
  [ ! -e "$root/usr/bin/holdfast" ] || fail "removal leaves the program"
  dpkg_in --purge holdfast || fail "dpkg --purge: $(cat "$checked/log/out")"
  [ ! -e "$root/etc/holdfast/holdfast.env" ] || fail "a purge leaves the configuration"
  [ "$(cat "$root/var/lib/holdfast/desk.key")" = kept ] || fail "a purge takes the store away"
}

cargo deb --version >/dev/null 2>&1 || fail "cargo-deb is not installed (cargo install cargo-deb --locked)"
case ${1:-} in
  check) [ $# = 2 ] || fail "packaging/deb.sh check BINARY"; check "$(realpath "$2")" ;;
  *) [ $# = 2 ] || fail "packaging/deb.sh BINARY FOLDER"; make "$(realpath "$1")" "$(realpath "$2")" ;;
esac
