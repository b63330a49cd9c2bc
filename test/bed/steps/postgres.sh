# The image postgres:MAJOR.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/standin.sh"
. "$bed/steps/rootfs.sh"

major=$1
declare -A suites=([15]=bookworm [17]=trixie)
suite=${suites[$major]}
recipe=$bed/images/postgres
made=$rootfsMade-$(fingerprint "$recipe"/*)

if needsStandIn "postgres:$major" "$made"; then
  makeRootfs "$suite" "$major"
  buildStandIn "postgres:$major" "$made" "$recipe" "ROOTFS=$(rootfsImage "$suite")" "MAJOR=$major"
  outcome "stand-in built from Debian $suite"
fi
