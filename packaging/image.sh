#!/usr/bin/env bash
# packaging/image.sh BINARY ARCHIVE    makes a container image from nothing but the program and what it loads, as an OCI archive.
# packaging/image.sh check BINARY      makes it twice, and holds it to: same bytes, under 80 MB, no shell, not root, runs on a read-only root.
#
# Needs buildah (Debian's package; no daemon, no registry) and binutils. BINARY: cargo build --profile dist -p holdfast --no-default-features --locked
# Load it with `podman load --input ARCHIVE`, or push it with `skopeo copy oci-archive:ARCHIVE docker://REGISTRY/holdfast:VERSION`.
# SOURCE_DATE_EPOCH (seconds) is the time of all files; by default that of the last commit, so that a commit has one image.
#
# pg_dump and pg_basebackup are not in it: run `holdfast backup` of a PostgreSQL server where they are, or build the Dockerfile, which has them.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
# Most bytes of the archive.
MOST=80000000
USER_ID=10001
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
: "${SOURCE_DATE_EPOCH:=$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 0)}"

fail() { echo "image: $*" >&2; exit 1; }

# The files of the image, in a folder.
stage() {
  local binary=$1 root=$2 library
  mkdir -p "$root"/{etc/ssl/certs,usr/local/bin,usr/share/holdfast/bitcoin,usr/share/doc/holdfast,tmp,proc,sys,dev}
  strip --strip-all -o "$root/usr/local/bin/holdfast" "$binary"
  # The libraries, at the paths at which the loader looks for them.
  while read -r library; do
    install -D -m 755 "$library" "$root$library"
  done < <(ldd "$binary" | grep -o '/[^ ]*')
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  echo "holdfast:x:$USER_ID:$USER_ID::/var/lib/holdfast:/usr/sbin/nologin" >"$root/etc/passwd"
  echo "holdfast:x:$USER_ID:" >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  install -m 644 "$here"/data/bitcoin/*.block.zst "$root/usr/share/holdfast/bitcoin/"
  install -m 644 "$here/LICENSE-MIT" "$here/LICENSE-APACHE" "$root/usr/share/doc/holdfast/"
  chmod 755 "$root/usr/local/bin/holdfast"
  chmod 1777 "$root/tmp"
  chmod 644 "$root"/etc/{passwd,group,nsswitch.conf}
  find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

make() {
  local binary=$1 archive=$2 work container
  work=$(mktemp -d)
  umask 022
  mkdir -p "$work/root" "$work/store"
  chmod 755 "$work/root"
  chmod 700 "$work/store"
  stage "$binary" "$work/root"
  touch --date="@$SOURCE_DATE_EPOCH" "$work/store"
  container=$(buildah from scratch)
  buildah copy --quiet "$container" "$work/root" / >/dev/null
  buildah copy --quiet --chown $USER_ID:$USER_ID "$container" "$work/store" /var/lib/holdfast >/dev/null
  buildah config --user $USER_ID:$USER_ID --workingdir /var/lib/holdfast --volume /var/lib/holdfast --port 8650 \
    --entrypoint '["/usr/local/bin/holdfast"]' --cmd '["serve","--store","/var/lib/holdfast","--listen","0.0.0.0:8650"]' \
    --label org.opencontainers.image.title=holdfast --label org.opencontainers.image.licenses='MIT OR Apache-2.0' \
    --label org.opencontainers.image.version="$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/Cargo.toml" | head -1)" "$container"
  buildah commit --quiet --timestamp "$SOURCE_DATE_EPOCH" --disable-compression=false "$container" "oci:$work/oci" >/dev/null
  # Not oci-archive: its times and order are those of now.
  (cd "$work/oci" && tar --create --file "$work/tar" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --format=ustar -- *)
  mv "$work/tar" "$archive"
  buildah rm "$container" >/dev/null
  rm -rf "$work"
}

# A field of the image's configuration.
field() { buildah inspect --type image --format "$2" "$1"; }

check() {
  local binary=$1 size id container root store
  checked=$(mktemp -d)
  trap 'rm -rf "$checked"' EXIT
  make "$binary" "$checked/a.tar"
  make "$binary" "$checked/b.tar"
  cmp "$checked/a.tar" "$checked/b.tar" || fail "two builds of the same program differ"
  size=$(stat -c %s "$checked/a.tar")
  [ "$size" -le $MOST ] || fail "$size bytes, more than $MOST"
  id=$(buildah pull --quiet "oci-archive:$checked/a.tar")
  [ "$(field "$id" '{{.OCIv1.Config.User}}')" = "$USER_ID:$USER_ID" ] || fail "it runs as another user than $USER_ID"
  container=$(buildah from --pull-never "$id")
  root=$(buildah mount "$container")
  local found
  found=$(find "$root" \( -name 'sh' -o -name 'bash' -o -name 'busybox' -o -name 'dash' \) -print -quit)
  [ -z "$found" ] || fail "there is a shell in it: $found"
  [ -z "$(find "$root" -perm /6000 -print -quit)" ] || fail "there is a file with the set-user-ID bit in it"
  # As a container runtime runs it: that user, nothing of this machine, and no file of the image to be written.
  store=$checked/store
  mkdir "$store"
  chmod 755 "$checked"
  chown $USER_ID:$USER_ID "$store"
  # shellcheck disable=SC2016 # the inner shell's own arguments.
  unshare --mount --fork sh -euc '
    mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"
    mount --bind "$2" "$1/var/lib/holdfast"
    mount -t tmpfs tmpfs "$1/tmp"
    mount --rbind /dev "$1/dev"
    mount --rbind /proc "$1/proc"
    cd "$1"
    in="chroot --userspec=$3 $1 /usr/local/bin/holdfast"
    $in --version
    chroot --userspec=0:0 "$1" /usr/local/bin/holdfast backup /etc/x --store /var/lib/holdfast 2>&1 | grep -q "Read-only file system"
    $in simulate chain /var/lib/holdfast/sim --txs 1000 --no-truth >/dev/null
    $in ingest /var/lib/holdfast/sim/blocks --network regtest --ledger /var/lib/holdfast/ledger >/dev/null
    $in keys create boss --role administrator --store /var/lib/holdfast >/dev/null
    $in audit verify --store /var/lib/holdfast
  ' sh "$root" "$store" "$USER_ID:$USER_ID" || fail "it does not run as user $USER_ID on a read-only root"
  buildah umount "$container" >/dev/null
  buildah rm "$container" >/dev/null
  buildah rmi "$id" >/dev/null
  echo "image: $size bytes, the same twice, $(tar -xOf "$checked/a.tar" index.json | grep -o 'sha256:[0-9a-f]*')"
}

command -v buildah >/dev/null || fail "buildah is not installed (apt-get install buildah)"
case ${1:-} in
  check) [ $# = 2 ] || fail "packaging/image.sh check BINARY"; check "$2" ;;
  *) [ $# = 2 ] || fail "packaging/image.sh BINARY ARCHIVE"; make "$1" "$2" ;;
esac
