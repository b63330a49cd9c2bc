# borg, which the bench measures beside ours; no test needs it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/apt.sh"

need borg borgbackup
installLacking
outcome "$(borg --version | cut -d' ' -f2)"
