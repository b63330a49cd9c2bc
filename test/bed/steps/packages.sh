# The machine's own packages: what the tests call, and the engine unless one answers already.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"

wanted=()
need() { command -v "$1" >/dev/null || wanted+=("${@:2}"); }
need git git
need getfattr attr
need curl curl ca-certificates
# An engine that answers is used as it is; images are built only where they cannot be pulled, but that shows later.
if ! docker info >/dev/null; then
  need dockerd docker.io containerd runc
  need iptables iptables
fi
need mmdebstrap mmdebstrap

if [ ${#wanted[@]} -eq 0 ]; then
  outcome 'all there'
  exit
fi
command -v apt-get >/dev/null || die "this machine lacks ${wanted[*]}, and is no Debian: install them, then run this again"
[ "$(id -u)" = 0 ] || die "this machine lacks ${wanted[*]}: run this once as root"
export DEBIAN_FRONTEND=noninteractive
# Foreign package sources on the machine may be out of reach: that does not matter unless the install fails.
apt-get update || true
apt-get install -y --no-install-recommends "${wanted[@]}"
outcome "installed ${wanted[*]}"
