# The servers that keep vaults in the tests: restic's REST server, and rclone. Debian 12 has no REST server.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/trixie.sh"

fetched=()
# take PACKAGE PATH COMMAND: the program at PATH of the package, into the tools folder.
take() {
  [ ! -x "$tools/bin/$3" ] || return 0
  takeFromTrixie "$1" "$cache/unpacked/$1"
  install -m 755 "$cache/unpacked/$1/$2" "$tools/bin/$3"
  fetched+=("$3")
}

take restic-rest-server usr/bin/restic-rest-server rest-server
take rclone usr/bin/rclone rclone
if [ ${#fetched[@]} -eq 0 ]; then outcome 'all there'; else outcome "${fetched[*]} put into $tools/bin"; fi
