# The machine's own packages: what the tests call, and the engine unless one answers already.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/apt.sh"

need git git
need getfattr attr
if ! docker info >/dev/null; then
  need dockerd docker.io containerd runc
  need iptables iptables
fi
installLacking
if [ ${#lacking[@]} -eq 0 ]; then outcome 'all there'; else outcome "installed ${lacking[*]}"; fi
