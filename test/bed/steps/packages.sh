# The machine's own packages: what the tests call, and the engine unless one answers already.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/apt.sh"

need git git
need getfattr attr
# The guard's functions have to work in it as well as in bash.
need zsh zsh
# It reads the unit that keeps a schedule.
need systemd-analyze systemd
# A browser, for the pages that people look at.
need chromium chromium
# Reads PDFs as other people do, for the recovery kit.
need pdftotext poppler-utils
# A PostgreSQL server with its client programs on the machine itself; Debian's own cluster is not wanted.
if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  need postgres postgresql
fi
if ! docker info >/dev/null; then
  need dockerd docker.io containerd runc
  need iptables iptables
fi
installLacking
if [ ${#lacking[@]} -eq 0 ]; then outcome 'all there'; else outcome "installed ${lacking[*]}"; fi
