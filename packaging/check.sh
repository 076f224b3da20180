#!/usr/bin/env bash
# packaging/check.sh BINARY [PYTHON]    holds what is shipped beside the program to the programs that read it: alerts, units, Compose file, chart, image,
# Debian package. PYTHON has the packages of packaging/helm/requirements.txt. BINARY: the program, built for release.
#
# What cannot be checked because a program is missing is said, and fails in CI (CI set).
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "$1")
python=${2:-python3}
missing=0

# need PROGRAM WHAT: whether the program is there.
need() {
  command -v "$1" >/dev/null && return
  echo "SKIPPED: $2, because $1 is not installed" >&2
  missing=1
  return 1
}

if need promtool "the alerts"; then
  promtool check config packaging/prometheus/prometheus.yml
  promtool test rules packaging/prometheus/holdfast.rules.test.yml
fi
if need shellcheck "the scripts"; then
  shellcheck packaging/*.sh packaging/*/*.sh packaging/debian/post*
fi
if need docker-compose "compose.yaml"; then
  # It reads the file by its schema; nothing is started. Debian's is older than the field `name`.
  sed '/^name:/d' compose.yaml | docker-compose --project-name holdfast --project-directory . --file - config --quiet
fi
if "$python" -c 'import helm_python, kubernetes_validate' 2>/dev/null; then
  "$python" packaging/helm/check.py "$binary" 2>/dev/null || "$python" packaging/helm/check.py "$binary"
else
  echo "SKIPPED: the Helm chart, because $python lacks the packages of packaging/helm/requirements.txt" >&2
  missing=1
fi
if need buildah "the image"; then
  packaging/image.sh check "$binary"
fi
if need cargo-deb "the Debian package" && need lintian "the Debian package"; then
  packaging/deb.sh check "$binary"
fi
if [ $missing = 1 ] && [ -n "${CI:-}" ]; then
  echo "CI must have the programs that are missing" >&2
  exit 1
fi
